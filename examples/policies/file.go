package main

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

//go:embed demo.yaml
var demoFile []byte

// readFile reads and checks the file, or the demo's file if path is empty. Errors have the path and the line.
func readFile(path string) (organization, error) {
	text, err := demoFile, error(nil)
	if path == "" {
		path = "demo.yaml"
	} else if text, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	var content struct {
		Policies map[string][]m3teraccess.Statement `json:"policies"`
		Users    map[string][]string                `json:"users"`
	}
	err = yaml.UnmarshalWithOptions(text, &content, yaml.Strict())
	if at := yaml.Error(nil); errors.As(err, &at) {
		return nil, fmt.Errorf("%s:%d: %s", path, at.GetToken().Position.Line, at.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, errs := organization{}, []error{}
	refuse := func(section, key string, index int, format string, args ...any) {
		line := lineOf(text, section, key, index)
		errs = append(errs, fmt.Errorf("%s:%d: "+format, append([]any{path, line}, args...)...))
	}
	for _, name := range slices.Sorted(maps.Keys(content.Policies)) {
		statements := content.Policies[name]
		file[item{Policy: name}] = m3teraccess.PermissionPolicy{PermissionPolicy: statements}
		request := m3teraccess.PermissionPolicyRequest{Name: name, PermissionPolicy: statements}
		for _, p := range gen.CreatePermissionPolicy.Check(request) {
			index := -1 // the problem is not in a statement
			_, _ = fmt.Sscanf(p.Field, "PermissionPolicy[%d]", &index)
			refuse("policies", name, index, "policy %q: %s must be %s, but it %s", name, p.Field, p.Allowed, p.Problem)
		}
	}
	for _, user := range slices.Sorted(maps.Keys(content.Users)) {
		names := content.Users[user]
		for i, name := range names {
			if _, ok := content.Policies[name]; !ok {
				refuse("users", user, i, "user %s: no policy is named %q", user, name)
			} else if slices.Contains(names[:i], name) {
				refuse("users", user, i, "user %s: the list repeats policy %q", user, name)
			}
			file[item{name, user}] = m3teraccess.PermissionPolicy{}
		}
	}
	return file, errors.Join(errs...)
}

// lineOf returns the line of an element below a key of the file, or the line of the key's value for index -1.
func lineOf(text []byte, section, key string, index int) int {
	file, _ := parser.ParseBytes(text, 0) // no error: the text is decoded already
	path := new(yaml.PathBuilder).Root().Child(section).Child(key)
	if index >= 0 {
		path = path.Index(uint(index))
	}
	node, err := path.Build().FilterFile(file)
	if err != nil {
		return 1
	}
	return node.GetToken().Position.Line
}

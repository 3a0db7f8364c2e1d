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
	o := organization{}
	var errs []error
	for _, name := range keys(content.Policies) {
		statements := content.Policies[name]
		o[subject{Policy: name}] = policy{statements: statements}
		request := gen.PermissionPolicyRequest{Name: name, PermissionPolicy: statements}
		for _, p := range gen.CreatePermissionPolicy.Check(request) {
			i := -1 // the problem is not in a statement
			_, _ = fmt.Sscanf(p.Field, "PermissionPolicy[%d]", &i)
			errs = append(errs, fmt.Errorf("%s:%d: policy %q: %s must be %s, but it %s",
				path, lineOf(text, "policies", name, i), name, p.Field, p.Allowed, p.Problem))
		}
	}
	for _, id := range keys(content.Users) {
		for i, name := range content.Users[id] {
			problem := ""
			if _, ok := content.Policies[name]; !ok {
				problem = "no policy is named"
			} else if slices.Contains(content.Users[id][:i], name) {
				problem = "the list repeats policy"
			}
			if problem != "" {
				line := lineOf(text, "users", id, i)
				errs = append(errs, fmt.Errorf("%s:%d: user %s: %s %q", path, line, id, problem, name))
			}
			o[subject{name, id}] = policy{}
		}
	}
	return o, errors.Join(errs...)
}

// lineOf returns the line of an item below a key of the file, or the line of the key's value without such an item.
func lineOf(text []byte, section, key string, item int) (line int) {
	file, _ := parser.ParseBytes(text, 0) // no error: the text is decoded already
	path := new(yaml.PathBuilder).Root().Child(section).Child(key)
	if node, err := path.Build().FilterFile(file); err == nil {
		line = node.GetToken().Position.Line
	}
	if node, err := path.Index(uint(max(item, 0))).Build().FilterFile(file); err == nil && item >= 0 {
		line = node.GetToken().Position.Line
	}
	return line
}

// keys returns the keys of a map in order, so that the output is stable.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

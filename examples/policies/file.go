package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

//go:embed demo.yaml
var demoFile []byte

// readFile reads and checks the file, or the built-in file if path is empty. An error names the file and, if the error
// is about one place in the file, the line and the column.
func readFile(path string) (organization, error) {
	text, err := demoFile, error(nil)
	if path == "" {
		path = "demo.yaml"
	} else if text, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // the byte order mark of some editors
	var content struct {
		Policies map[string][]m3teraccess.Statement `json:"policies"`
		Users    map[string][]string                `json:"users"` // names of policies
	}
	if err := yaml.UnmarshalWithOptions(text, &content, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, false))
	}
	tree, _ := parser.ParseBytes(text, 0) // never fails, because the text has already been decoded
	if len(tree.Docs) > 1 {
		return nil, fmt.Errorf("%s: the file has %d YAML documents; it must have 1", path, len(tree.Docs))
	}
	file, errs := organization{}, []error(nil)
	refuse := func(section, key string, index int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s %s", path, placeOf(tree, section, key, index), fmt.Sprintf(format, args...)))
	}
	for _, name := range slices.Sorted(maps.Keys(content.Policies)) {
		request := m3teraccess.PermissionPolicyRequest{Name: name, PermissionPolicy: content.Policies[name]}
		file[item{Policy: name}] = m3teraccess.PermissionPolicy{PermissionPolicy: request.PermissionPolicy}
		for _, p := range gen.CreatePermissionPolicy.Check(request) {
			index := -1 // the problem is not in a statement
			_, _ = fmt.Sscanf(p.Field, "PermissionPolicy[%d]", &index)
			refuse("policies", name, index, "policy %q: %s must be %s; it %s", name, p.Field, p.Allowed, p.Problem)
		}
	}
	for _, user := range slices.Sorted(maps.Keys(content.Users)) {
		for _, p := range gen.AddPermissionPolicyToUser.Check(m3teraccess.PrincipalPermissionRequest{PrincipalID: user}) {
			refuse("users", user, -1, "user %q: %s must be %s; it %s", user, p.Field, p.Allowed, p.Problem)
		}
		if user == "." || user == ".." || strings.ContainsAny(user, `/\`) {
			refuse("users", user, -1, "user %q: the id must be one path segment other than \".\" and \"..\", without a slash or a backslash", user)
		}
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

// placeOf returns the place of an element under a key of the file or, if index is -1, the place of the key's value. The
// place has the format of the YAML library, [line:column].
func placeOf(tree *ast.File, section, key string, index int) string {
	path := new(yaml.PathBuilder).Root().Child(section).Child(key)
	if index >= 0 {
		path = path.Index(uint(index))
	}
	node, err := path.Build().FilterFile(tree)
	if err != nil && index >= 0 { // the list has an anchor, or is an alias
		return placeOf(tree, section, key, -1)
	} else if err != nil {
		return "[1:1]"
	}
	place := node.GetToken().Position
	return fmt.Sprintf("[%d:%d]", place.Line, place.Column)
}

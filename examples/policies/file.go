package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

//go:embed demo.yaml
var demoFile []byte

// An organization is who may do what, in the file or in m3ter.
type organization struct {
	Policies map[string]entry[m3teraccess.Statement] `json:"policies"` // by name
	Users    map[string]entry[string]                `json:"users"`    // by id, each with the names of its policies
}

// An entry of the file has a line, and one of m3ter an id.
type entry[T any] struct {
	list []T
	line int
	id   string
}

// UnmarshalYAML decodes the list and keeps its line.
func (e *entry[T]) UnmarshalYAML(node ast.Node) error {
	e.line = node.GetToken().Position.Line
	return yaml.NodeToValue(node, &e.list, yaml.Strict())
}

// readFile reads and checks the file, or that of the demo if there is no path. Errors have the path and the line.
func readFile(path string) (*organization, error) {
	text, err := demoFile, error(nil)
	if path == "" {
		path = "demo.yaml"
	} else if text, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	o := new(organization)
	err = yaml.UnmarshalWithOptions(text, o, yaml.Strict())
	if syntax := yaml.Error(nil); errors.As(err, &syntax) {
		return nil, fmt.Errorf("%s:%d: %s", path, syntax.GetToken().Position.Line, syntax.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return o, o.check(path)
}

// check finds statements that m3ter would refuse, and names that lead nowhere.
func (o *organization) check(path string) error {
	var errs []error
	for _, name := range keys(o.Policies) {
		p := o.Policies[name]
		for _, problem := range gen.CreatePermissionPolicy.Check(gen.PermissionPolicyRequest{Name: name, PermissionPolicy: p.list}) {
			errs = append(errs, fmt.Errorf("%s:%d: policy %q: %s must be %s; it %s", path, p.line, name, problem.Field, problem.Allowed, problem.Problem))
		}
	}
	for _, id := range keys(o.Users) {
		u := o.Users[id]
		for i, name := range u.list {
			if _, ok := o.Policies[name]; !ok {
				errs = append(errs, fmt.Errorf("%s:%d: user %s: no policy is named %q", path, u.line, id, name))
			} else if slices.Contains(u.list[:i], name) {
				errs = append(errs, fmt.Errorf("%s:%d: user %s: policy %q is named twice", path, u.line, id, name))
			}
		}
	}
	return errors.Join(errs...)
}

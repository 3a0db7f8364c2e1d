package main

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

//go:embed demo.yaml
var demoFile []byte

// An organization is who may do what: a file of the user's, or m3ter.
type organization struct {
	Policies map[string]policy   `json:"policies"` // by name
	Users    map[string]policies `json:"users"`    // by id
}

// A policy has its id in m3ter, or its line in a file.
type policy struct {
	Statements []m3teraccess.Statement
	id         string
	line       int
}

// policies are the names of the policies of a user.
type policies struct {
	Names []string
	line  int
}

func (p *policy) UnmarshalYAML(node ast.Node) error {
	p.line = node.GetToken().Position.Line
	return yaml.NodeToValue(node, &p.Statements, yaml.Strict())
}

func (p *policies) UnmarshalYAML(node ast.Node) error {
	p.line = node.GetToken().Position.Line
	return yaml.NodeToValue(node, &p.Names, yaml.Strict())
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
	if err := yaml.UnmarshalWithOptions(text, o, yaml.Strict()); err != nil {
		if syntax := yaml.Error(nil); errors.As(err, &syntax) {
			return nil, fmt.Errorf("%s:%d: %s", path, syntax.GetToken().Position.Line, syntax.GetMessage())
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return o, o.check(path)
}

// check finds what m3ter would refuse, and names that lead nowhere.
func (o *organization) check(path string) error {
	var errs []error
	for name, p := range sorted(o.Policies) {
		request := m3teraccess.PermissionPolicyRequest{Name: name, PermissionPolicy: p.Statements}
		for _, problem := range gen.CreatePermissionPolicy.Check(request) {
			errs = append(errs, fmt.Errorf("%s:%d: policy %q: %s %s; it must be %s", path, p.line, name, problem.Field, problem.Problem, problem.Allowed))
		}
	}
	for id, p := range sorted(o.Users) {
		for i, name := range p.Names {
			if _, ok := o.Policies[name]; !ok {
				errs = append(errs, fmt.Errorf("%s:%d: user %s: no policy is named %q", path, p.line, id, name))
			}
			if slices.Contains(p.Names[:i], name) {
				errs = append(errs, fmt.Errorf("%s:%d: user %s: policy %q is named twice", path, p.line, id, name))
			}
		}
	}
	return errors.Join(errs...)
}

// sorted walks over a map in the order of its keys, so that what is printed is stable.
func sorted[V any](m map[string]V) func(yield func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

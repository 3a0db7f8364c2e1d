package test

import (
	"go/ast"
	"reflect"
	"slices"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// aliases are the types of gen that the client hands on.
var aliases = map[string]reflect.Type{
	"Action":                     reflect.TypeFor[m3teraccess.Action](),
	"Effect":                     reflect.TypeFor[m3teraccess.Effect](),
	"PermissionPolicy":           reflect.TypeFor[m3teraccess.PermissionPolicy](),
	"PermissionPolicyPage":       reflect.TypeFor[m3teraccess.PermissionPolicyPage](),
	"PermissionPolicyRequest":    reflect.TypeFor[m3teraccess.PermissionPolicyRequest](),
	"PrincipalPermission":        reflect.TypeFor[m3teraccess.PrincipalPermission](),
	"PrincipalPermissionRequest": reflect.TypeFor[m3teraccess.PrincipalPermissionRequest](),
	"ResourceGroup":              reflect.TypeFor[m3teraccess.ResourceGroup](),
	"ResourceGroupItemRequest":   reflect.TypeFor[m3teraccess.ResourceGroupItemRequest](),
	"Statement":                  reflect.TypeFor[m3teraccess.Statement](),
	"Support":                    reflect.TypeFor[m3teraccess.Support](),
	"SupportRequest":             reflect.TypeFor[m3teraccess.SupportRequest](),
	"TargetType":                 reflect.TypeFor[m3teraccess.TargetType](),
}

// go doc shows no fields of an alias, so its comment has to list them.
func TestCommentsOfAliasesListTheFields(t *testing.T) {
	for _, typ := range manual(t, "/wrapper").Types {
		if !typ.Decl.Specs[0].(*ast.TypeSpec).Assign.IsValid() {
			continue
		}
		of, known := aliases[typ.Name]
		if !known {
			t.Errorf("%s is an alias that this test does not know", typ.Name)
			continue
		}
		if got, want := listedFields(typ.Doc), fields(of); !slices.Equal(got, want) {
			t.Errorf("the comment of %s lists\n%s\nwant\n%s", typ.Name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// listedFields returns the sorted names and types of a comment's indented lines. What is indented further goes on from
// the line above.
func listedFields(comment string) []string {
	var list []string
	for line := range strings.Lines(comment) {
		if words := strings.Fields(line); len(words) > 1 && line[0] == '\t' && line[1] != ' ' {
			list = append(list, words[0]+" "+words[1])
		}
	}
	slices.Sort(list)
	return list
}

// fields returns the sorted names and types of a struct's fields, none of any other type.
func fields(of reflect.Type) []string {
	var list []string
	if of.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(of) {
			list = append(list, field.Name+" "+strings.ReplaceAll(field.Type.String(), "gen.", ""))
		}
	}
	slices.Sort(list)
	return list
}

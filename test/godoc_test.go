package test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// manual parses the documentation of a package, its examples included.
func manual(t *testing.T, path string) *doc.Package {
	t.Helper()
	names, err := filepath.Glob("../" + path + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, module+path)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// comments returns the doc comment of the package and of each exported name, fields and methods of interfaces included.
func comments(pkg *doc.Package) map[string]string {
	found := map[string]string{"package": pkg.Doc}
	funcs := slices.Clone(pkg.Funcs)
	values := slices.Concat(pkg.Consts, pkg.Vars)
	for _, typ := range pkg.Types {
		found[typ.Name] = typ.Doc
		funcs = slices.Concat(funcs, typ.Funcs, typ.Methods)
		values = slices.Concat(values, typ.Consts, typ.Vars)
		ast.Inspect(typ.Decl, func(node ast.Node) bool {
			if field, ok := node.(*ast.Field); ok {
				for _, name := range field.Names {
					found[typ.Name+"."+name.Name] = field.Doc.Text() + field.Comment.Text()
				}
			}
			return true
		})
	}
	for _, f := range funcs {
		found[strings.TrimPrefix(f.Recv+"."+f.Name, ".")] = f.Doc
	}
	for _, v := range values {
		for _, spec := range v.Decl.Specs {
			spec := spec.(*ast.ValueSpec)
			for _, name := range spec.Names {
				found[name.Name] = v.Doc + spec.Doc.Text() + spec.Comment.Text()
			}
		}
	}
	return found
}

func TestEachNameHasAComment(t *testing.T) {
	for name, text := range comments(manual(t, "/wrapper")) {
		if text == "" {
			t.Errorf("%s has no comment", name)
		}
	}
}

// In Markdown, the bracket of a link that leads nowhere is escaped.
func TestLinksOfCommentsLeadSomewhere(t *testing.T) {
	broken := regexp.MustCompile(`\\\[(\\\*)?[\w.]+\]`)
	for _, path := range []string{"/wrapper", "/wrapper/m3tertest"} {
		pkg := manual(t, path)
		for name, text := range comments(pkg) {
			if links := broken.FindAllString(string(pkg.Markdown(text)), -1); links != nil {
				t.Errorf("%s of %s: %q", name, path, links)
			}
		}
	}
}

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

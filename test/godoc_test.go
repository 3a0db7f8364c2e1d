package test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// manual returns the documentation of a package, including its examples.
func manual(t *testing.T, path string) *doc.Package {
	t.Helper()
	fset, files := parse(t, "../"+path+"/*.go")
	pkg, err := doc.NewFromFiles(fset, files, module+path)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// parse parses the Go files that match a pattern.
func parse(t *testing.T, pattern string) (fset *token.FileSet, files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	fset = token.NewFileSet()
	for _, name := range names {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return fset, files
}

// comments returns the doc comments of the package and of each exported name, including fields and interface methods.
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

// The comment of an alias lists the fields, because go doc does not show them.
func TestCommentsOfAliasesListTheFields(t *testing.T) {
	fields := make(map[string][]string)
	for name := range comments(manual(t, "/gen")) {
		typ, field, _ := strings.Cut(name, ".")
		fields[typ] = append(fields[typ], field)
	}
	for _, typ := range manual(t, "/wrapper").Types {
		if !typ.Decl.Specs[0].(*ast.TypeSpec).Assign.IsValid() {
			continue
		}
		for _, field := range fields[typ.Name] {
			if field != "" && field != "Valid" && field != "String" && !strings.Contains(typ.Doc, "\t"+field+" ") {
				t.Errorf("the comment of %s does not list %s", typ.Name, field)
			}
		}
	}
}

// Each link in a comment has a target. Markdown escapes a bracket that begins no link.
func TestLinksInComments(t *testing.T) {
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

// Each function and each error that a program can distinguish has an example that go test runs.
func TestExamples(t *testing.T) {
	pkg := manual(t, "/wrapper")
	subjects := map[string][]*doc.Example{"package": pkg.Examples}
	for _, f := range pkg.Funcs {
		subjects[f.Name] = f.Examples
	}
	for _, typ := range pkg.Types {
		for _, method := range typ.Methods {
			switch {
			case method.Name == "Error":
				subjects[typ.Name] = typ.Examples
			case typ.Name == "Client" && method.Name != "String" && method.Name != "GoString":
				subjects["Client."+method.Name] = method.Examples
			}
		}
	}
	for name, examples := range subjects {
		if len(examples) == 0 || slices.ContainsFunc(examples, func(e *doc.Example) bool { return e.Output == "" }) {
			t.Errorf("%s has no example, or one without output", name)
		}
	}

	files, err := filepath.Glob("../wrapper/example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range files {
		code.WriteString(readText(t, file))
	}
	for _, errors := range pkg.Vars {
		for _, name := range errors.Names {
			if !strings.Contains(code.String(), "errors.Is(err, m3teraccess."+name+")") {
				t.Errorf("no example tells %s apart", name)
			}
		}
	}
}

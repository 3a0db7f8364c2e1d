package test

import (
	"slices"
	"strings"
	"testing"
)

const module = "github.com/m3ter-access/m3ter-access-go"

// imports returns all packages that a package of the module imports, directly or not.
func imports(t *testing.T, path string) []string {
	t.Helper()
	return strings.Fields(runGo(t, ".", "list", "-deps", "-f", "{{.ImportPath}}", module+path))
}

// isStandard reports whether a package belongs to the standard library, its vendored packages included.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") || first == "vendor"
}

// A program that imports the client links these packages and no others. A new package needs a decision, and so a line
// here.
func TestImportsOfTheClient(t *testing.T) {
	allowed := []string{
		module + "/gen",
		module + "/wrapper",
		module + "/wrapper/internal/strictjson",
		"golang.org/x/oauth2",
		"golang.org/x/oauth2/clientcredentials",
		"golang.org/x/oauth2/internal",
	}
	var got []string
	for _, path := range imports(t, "/wrapper") {
		if !isStandard(path) {
			got = append(got, path)
		}
		if path == "testing" || path == "flag" || strings.HasPrefix(path, "net/http/httptest") {
			t.Errorf("%s is for tests and programs", path)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, allowed) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(allowed, "\n"))
	}
}

// The fake imports neither package testing nor the client, so any program can use it.
func TestImportsOfTheFake(t *testing.T) {
	paths := imports(t, "/wrapper/m3tertest")
	if !slices.Contains(paths, module+"/gen/server") {
		t.Errorf("got %q", paths)
	}
	for _, path := range paths {
		if path == "testing" || path == module+"/wrapper" || path == module+"/gen/spec" || strings.HasPrefix(path, "github.com/getkin/") {
			t.Errorf("it imports %s", path)
		}
	}
}

package test

import (
	"slices"
	"strings"
	"testing"
)

const module = "github.com/m3ter-access/m3ter-access-go"

// imports returns every package that a package of the module brings along.
func imports(t *testing.T, path string) []string {
	t.Helper()
	return strings.Fields(runGo(t, ".", "list", "-deps", "-f", "{{.ImportPath}}", module+path))
}

// isStandard tells whether a package is of the standard library, the packages that it vendors included.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") || first == "vendor"
}

// Whoever imports the client links this much, and no more. A package more is a decision, to be made here.
func TestClientBringsLittleAlong(t *testing.T) {
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

// The fake can be used by any program, and by a client that isn't ours.
func TestFakeBringsNoTestsAlong(t *testing.T) {
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

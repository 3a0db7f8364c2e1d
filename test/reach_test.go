package test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestEveryOperationIsReached(t *testing.T) {
	doc, _ := document()
	if len(doc.Paths.Map()) == 0 {
		t.Fatal("the document has no operation")
	}
	for _, gap := range gaps(t, doc) {
		t.Error(gap)
	}
}

// A new operation is reached by nothing yet.
func TestGapsAreFound(t *testing.T) {
	doc := &openapi3.T{Paths: openapi3.NewPaths(openapi3.WithPath("/organizations/{orgId}/users", &openapi3.PathItem{
		Get: &openapi3.Operation{OperationID: "ListUsers"},
	}))}
	want := []string{
		"ListUsers: m3teraccess.Client has no such method",
		"ListUsers: m3tertest does not serve GET /organizations/{orgId}/users under this name",
		"ListUsers: TestTrafficKeepsToTheDocument has no such call that succeeds",
		"ListUsers: calls in test/service_test.go has no such call",
		"ListUsers: pathArguments in test/ids_test.go has not one entry for each {id} of its path",
		"ListUsers: wrapper has no ExampleClient_ListUsers with an output",
		"ListUsers: nothing below examples calls it",
		"ListUsers: README.md has no row that begins with | `GET /users` | `ListUsers`",
	}
	if got := gaps(t, doc); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// gaps tells where the operations of a document are not reached.
func gaps(t *testing.T, doc *openapi3.T) (found []string) {
	succeeded, examples, called := traffic(t), examplesRun(t), methodsCalled(t)
	readme := readText(t, "../README.md")
	for endpoint, operation := range documented(doc) {
		id := operation.OperationID
		need := func(ok bool, format string, args ...any) {
			if !ok {
				found = append(found, id+": "+fmt.Sprintf(format, args...))
			}
		}
		_, isMethod := reflect.TypeFor[*m3teraccess.Client]().MethodByName(id)
		need(isMethod, "m3teraccess.Client has no such method")
		need(served(endpoint) == id, "m3tertest does not serve %s under this name", endpoint)
		need(slices.Contains(succeeded, id), "TestTrafficKeepsToTheDocument has no such call that succeeds")
		need(slices.ContainsFunc(calls, func(c call) bool { return c.name == id }), "calls in test/service_test.go has no such call")
		need(pathArgumentsOf(id) == strings.Count(endpoint, "{"), "pathArguments in test/ids_test.go has not one entry for each {id} of its path")
		if operation.RequestBody != nil {
			need(bodies[id] != nil && rawPaths[id] != "", "bodies or rawPaths in test/verdict_test.go have none for it")
			need(strings.Contains(readme, fmt.Sprintf("\n| `%s` | ", id)), "README.md does not tell how to learn what became of it")
		}
		need(slices.Contains(examples, "Client_"+id), "wrapper has no ExampleClient_%s with an output", id)
		need(slices.Contains(called, id), "nothing below examples calls it")
		row := fmt.Sprintf("| `%s` | `%s`", strings.Replace(endpoint, "/organizations/{orgId}", "", 1), id)
		need(strings.Contains(readme, "\n"+row), "README.md has no row that begins with %s", row)
	}
	return found
}

func pathArgumentsOf(id string) (n int) {
	for _, argument := range pathArguments {
		if strings.HasPrefix(argument.name, id+", ") {
			n++
		}
	}
	return n
}

// served is the name of the operation as which the fake serves an endpoint.
func served(endpoint string) string {
	method, path, _ := strings.Cut(endpoint, " ")
	fake := m3tertest.NewServer(m3tertest.InMemory())
	defer fake.Close()
	fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	return fake.Requests()[0].Operation
}

// examplesRun are the examples of wrapper that go test runs, without the word Example.
func examplesRun(t *testing.T) (names []string) {
	_, files := parse(t, "../wrapper/*_test.go")
	for _, example := range doc.Examples(files...) {
		if example.Output != "" {
			names = append(names, example.Name)
		}
	}
	return names
}

// methodsCalled are the methods, and the functions of other packages, that are called below examples.
func methodsCalled(t *testing.T) (names []string) {
	_, files := parse(t, "../examples/*/*.go")
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				if method, ok := call.Fun.(*ast.SelectorExpr); ok {
					names = append(names, method.Sel.Name)
				}
			}
			return true
		})
	}
	return names
}

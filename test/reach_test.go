package test

import (
	"fmt"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestEveryOperationIsReached(t *testing.T) {
	if len(cases.Operations()) == 0 {
		t.Fatal("the document has no operation")
	}
	for _, gap := range gaps(t, cases.Document()) {
		t.Error(gap)
	}
}

// A new operation has no method, no handler and no row. TestExamples requires an example of each method.
func TestGapsAreFound(t *testing.T) {
	doc := &openapi3.T{Paths: openapi3.NewPaths(openapi3.WithPath("/organizations/{orgId}/widgets", &openapi3.PathItem{
		Get: &openapi3.Operation{OperationID: "ListWidgets"},
	}))}
	want := []string{
		"ListWidgets: m3teraccess.Client has no such method",
		"ListWidgets: m3tertest does not serve GET /organizations/{orgId}/widgets under this name",
		"ListWidgets: README.md has no row that begins with | `GET /widgets` | `ListWidgets`",
	}
	if got := gaps(t, doc); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// gaps lists the places that lack an operation of a document.
func gaps(t *testing.T, doc *openapi3.T) (found []string) {
	readme := readText(t, "../README.md")
	for _, operation := range cases.OperationsOf(doc) {
		id := operation.OperationID
		need := func(ok bool, format string, args ...any) {
			if !ok {
				found = append(found, id+": "+fmt.Sprintf(format, args...))
			}
		}
		_, isMethod := reflect.TypeFor[*m3teraccess.Client]().MethodByName(id)
		need(isMethod, "m3teraccess.Client has no such method")
		need(served(operation) == id, "m3tertest does not serve %s %s under this name", operation.Method, operation.Path)
		if operation.IsWrite() {
			need(strings.Contains(readme, fmt.Sprintf("\n| `%s` | ", id)), "README.md does not tell how to learn what became of it")
		}
		row := fmt.Sprintf("| `%s %s` | `%s`", operation.Method, strings.Replace(operation.Path, "/organizations/{orgId}", "", 1), id)
		need(strings.Contains(readme, "\n"+row), "README.md has no row that begins with %s", row)
	}
	return found
}

// served returns the name under which the fake serves an operation.
func served(o cases.Operation) string {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	defer fake.Close()
	fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(o.Method, o.Path, nil))
	return fake.Requests()[0].Operation
}

package test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
)

// The command m3tertest has the objects that the examples of api/openapi.yaml name. Each example succeeds, in the order
// of the document, and each request and response matches the document.
func TestExamplesOfTheDocumentAreCarriedOut(t *testing.T) {
	exports := startCommand(t)
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: &contract{t, base}})
	client := (&clientcredentials.Config{
		ClientID:     exports["M3TER_API_KEY"],
		ClientSecret: exports["M3TER_API_SECRET"],
		TokenURL:     exports["M3TER_BASE_URL"] + "/oauth/token",
		AuthStyle:    oauth2.AuthStyleInHeader,
	}).Client(ctx)
	for _, operation := range operationsInOrder(t) {
		target := exports["M3TER_BASE_URL"] + cases.Fill(operation.Path, operation.Examples()...) + exampleQuery(operation)
		for _, body := range exampleBodies(operation) {
			r, err := http.NewRequestWithContext(ctx, operation.Method, target, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(r)
			if err != nil {
				t.Errorf("%s: %v", operation.OperationID, err)
				continue
			}
			if answer := readAll(t, resp); resp.StatusCode/100 != 2 {
				t.Errorf("%s %#q: status %d: %s", operation.OperationID, body, resp.StatusCode, answer)
			}
		}
	}
}

// startCommand runs m3tertest until the test ends, and returns the variables that it exports.
func startCommand(t *testing.T) map[string]string {
	t.Helper()
	const source = "../wrapper/m3tertest/cmd/m3tertest"
	if _, err := os.ReadDir(source); err != nil { // so that go test does not use a cached result after a change there
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "m3tertest")
	runGo(t, source, "build", "-o", binary, ".")
	cmd := exec.CommandContext(t.Context(), binary, "-addr", "127.0.0.1:0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // it ends with the context
	exports := make(map[string]string)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if exports[name] = value; name == "M3TERTEST_ITEM_ID" { // the last one
			return exports
		}
	}
	_ = cmd.Wait()
	t.Fatalf("m3tertest ended; it exported %v and printed\n%s", slices.Sorted(maps.Keys(exports)), &stderr)
	return nil
}

// operationsInOrder returns the operations in the order of the file, which the embedded document does not keep.
func operationsInOrder(t *testing.T) []cases.Operation {
	t.Helper()
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	doc, err := loader.LoadFromData([]byte(readDocument(t)))
	if err != nil {
		t.Fatal(err)
	}
	return slices.SortedFunc(slices.Values(cases.OperationsOf(doc)), func(a, b cases.Operation) int {
		return cmp.Compare(a.Origin.Key.Line, b.Origin.Key.Line)
	})
}

// exampleBodies returns the request bodies of an operation in the order of the file, or an empty one if it has none.
func exampleBodies(o cases.Operation) (bodies []string) {
	if o.RequestBody == nil {
		return []string{""}
	}
	media := o.RequestBody.Value.Content.Get("application/json")
	if media.Example != nil {
		return []string{toJSON(media.Example)}
	}
	for _, example := range slices.SortedFunc(maps.Values(media.Examples), func(a, b *openapi3.ExampleRef) int {
		return cmp.Compare(a.Value.Origin.Key.Line, b.Value.Origin.Key.Line)
	}) {
		bodies = append(bodies, toJSON(example.Value.Value))
	}
	return bodies
}

// exampleQuery returns a query of the parameters that have an example.
func exampleQuery(o cases.Operation) string {
	query := make(url.Values)
	for _, p := range o.Parameters {
		if p.Value.In == "query" && p.Value.Example != nil {
			query.Set(p.Value.Name, fmt.Sprint(p.Value.Example))
		}
	}
	return "?" + query.Encode()
}

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oasdiff/yaml"
)

// asJSON returns a document in JSON, with escapes that only JSON has.
func asJSON(t *testing.T, text string) string {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return "\ufeff" + change(t, string(data), `"Other prose."`, `"\ud83d\ude00 \/"`)
}

func TestSources(t *testing.T) {
	inDirectory(t, contractText, noDepartures, publishedText)
	inJSON := asJSON(t, publishedText)
	if err := os.WriteFile("published.json", []byte(inJSON), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/json":
			io.WriteString(w, inJSON)
		case "/yaml":
			io.WriteString(w, publishedText)
		case "/moved":
			http.Redirect(w, r, "/json", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for _, source := range []string{"published.yaml", "published.json", contractFile, server.URL + "/json", server.URL + "/yaml", server.URL + "/moved"} {
		if status, stdout, stderr := upstream(t, source); status != 0 {
			t.Errorf("%s: status %d\n%s%s", source, status, stdout, stderr)
		}
	}
}

func TestUnreadable(t *testing.T) {
	inDirectory(t, contractText, noDepartures, publishedText)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/endless" {
			for _, err := io.WriteString(w, publishedText); err == nil; _, err = io.WriteString(w, strings.Repeat(" ", 1<<20)) {
			}
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	closed := httptest.NewServer(nil)
	closed.Close()

	const sized = "#/paths/~1things~1{id}/parameters/0"
	tests := []struct{ name, source, text, want string }{
		{"no file", "nothing.json", "", "no such file"},
		{"a directory", ".", "", "is a directory"},
		{"empty", "published.yaml", " \n", "empty"},
		{"a page", "published.yaml", "<!DOCTYPE html>\n<title>Things</title>", "a web page, or XML; it must be JSON or YAML"},
		{"cut", "published.yaml", asJSON(t, publishedText)[:2000], "unexpected EOF"},
		{"a list", "published.yaml", "[1]", "not an OpenAPI 3.0 document: openapi is null, not 3.0.x"},
		{"a text", "published.yaml", "Not found", "not an OpenAPI 3.0 document: openapi is null, not 3.0.x"},
		{"an older format", "published.yaml", `{"swagger": "2.0", "paths": {}}`, "not an OpenAPI 3.0 document: openapi is null, not 3.0.x"},
		{"a newer format", "published.yaml", "openapi: 3.1.0", `not an OpenAPI 3.0 document: openapi is "3.1.0", not 3.0.x`},
		{"a reference to nothing", "published.yaml", change(t, publishedText, "    Size:", "    Other:"), sized + `/schema/$ref: "#/components/schemas/Size" is not in the document`},
		{"a reference to elsewhere", "published.yaml", change(t, publishedText, "'#/components/schemas/Size'", "'other.yaml#/Size'"), `"other.yaml#/Size" is not in the document, and nothing else is fetched`},
		{"a circle", "published.yaml", change(t, publishedText, "    Size: {", "    Size: {$ref: '#/components/schemas/Size', "), "go in a circle"},
		{"no schema", "published.yaml", change(t, publishedText, "schema: {$ref: '#/components/schemas/Size'}", "schema: 5"), sized + "/schema is not an object"},
		{"an unknown scheme", "ftp://things.example/", "", "a URL must begin with http:// or https://"},
		{"no server", strings.Replace(closed.URL, "//", "//me:quiet@", 1) + "/a?key=quiet", "", "refused"},
		{"not found", strings.Replace(server.URL, "//", "//me:quiet@", 1) + "/a?key=quiet", "", "the status is 404 Not Found"},
		{"no URL", "http://me:quiet%zz@things.example/", "", "invalid"},
		{"endless", server.URL + "/endless", "", "longer than 32 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.text != "" {
				inDirectory(t, contractText, noDepartures, test.text)
			}
			status, stdout, stderr := upstream(t, test.source)
			if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "upstream: ") || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "quiet") {
				t.Errorf("status %d\n%s%s\nwant %s", status, stdout, stderr, test.want)
			}
		})
	}
}

// An interrupt ends the wait for a silent server.
func TestInterrupted(t *testing.T) {
	inDirectory(t, contractText, noDepartures, publishedText)
	ctx, interrupt := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		interrupt()
		<-r.Context().Done()
	}))
	defer server.Close()
	var stderr strings.Builder
	if status := run(ctx, []string{server.URL}, io.Discard, &stderr); status != 1 || !strings.Contains(stderr.String(), "canceled") {
		t.Errorf("status %d\n%s", status, &stderr)
	}
}

func TestArguments(t *testing.T) {
	inDirectory(t, contractText, noDepartures, publishedText)
	for _, args := range [][]string{nil, {""}, {"published.yaml", "published.yaml"}} {
		var stderr strings.Builder
		if status := run(t.Context(), args, io.Discard, &stderr); status != 2 || !strings.Contains(stderr.String(), "-h tells more") {
			t.Errorf("%q: status %d\n%s", args, status, &stderr)
		}
	}
	for _, help := range []string{"-h", "--help"} {
		if status, stdout, stderr := upstream(t, help); status != 0 || stdout != usage || stderr != "" {
			t.Errorf("%s: status %d\n%s%s", help, status, stdout, stderr)
		}
	}
}

// A missing contract is an error.
func TestContract(t *testing.T) {
	inDirectory(t, "openapi: 3.0.3\npaths: {}", noDepartures, publishedText)
	if status, _, stderr := upstream(t, "published.yaml"); status != 1 || !strings.Contains(stderr, "api/openapi.yaml: no operations below paths") {
		t.Errorf("empty: status %d\n%s", status, stderr)
	}
	t.Chdir("api")
	if status, _, stderr := upstream(t, "../published.yaml"); status != 1 || !strings.Contains(stderr, "api/openapi.yaml: ") {
		t.Errorf("from elsewhere: status %d\n%s", status, stderr)
	}
}

// m3ter's whole document is much larger than the part that matters. The rest may be broken.
func TestLargeDocument(t *testing.T) {
	var paths, schemas strings.Builder
	for i := range 320 {
		fmt.Fprintf(&paths, "  /other/%d: {post: {operationId: Other%d, parameters: [5, {$ref: '#/nowhere'}], responses: {200: {$ref: '#/schemas/S%d'}}}}\n", i, i, i)
		fmt.Fprintf(&schemas, "    S%d: {$ref: '#/components/schemas/S%d', allOf: none, description: %q}\n", i, i, strings.Repeat("prose ", 600))
	}
	large := change(t, publishedText, "paths:\n", "paths:\n"+paths.String())
	large = change(t, large, "  schemas:\n", "  schemas:\n"+schemas.String())
	if len(large) < 1_200_000 {
		t.Fatalf("%d bytes", len(large))
	}
	for name, text := range map[string]string{"YAML": large, "JSON": asJSON(t, large)} {
		t.Run(name, func(t *testing.T) {
			inDirectory(t, contractText, noDepartures, text)
			start := time.Now()
			wantFindings(t, "published.yaml", nil)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

package main

import (
	"crypto/rand"
	"errors"
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

// m3ter's whole document is much larger than the part that is compared. The rest may be broken.
func TestSources(t *testing.T) {
	var paths, schemas strings.Builder
	for i := range 320 {
		fmt.Fprintf(&paths, "  /other/%d: {post: {operationId: Other%d, parameters: [5, {$ref: '#/nowhere'}], responses: {200: {$ref: '#/schemas/S%d'}}}}\n", i, i, i)
		fmt.Fprintf(&schemas, "    S%d: {$ref: '#/components/schemas/S%d', allOf: none, description: %q}\n", i, i, strings.Repeat("prose ", 600))
	}
	large := change(t, publishedText, "paths:\n", "paths:\n"+paths.String())
	large = change(t, large, "  schemas:\n", "  schemas:\n"+schemas.String())
	inDirectory(t, contractText, noDepartures, large)
	if err := os.WriteFile("published.json", []byte(asJSON(t, large)), 0o600); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(".")))
	mux.Handle("/moved", http.RedirectHandler("/published.json", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, source := range []string{contractFile, "published.yaml", "published.json",
		server.URL + "/published.yaml", server.URL + "/published.json", server.URL + "/moved"} {
		start := time.Now()
		status, output, err := upstream(source)
		if status != 0 || !strings.HasPrefix(output, "the documents agree, ") || err != nil {
			t.Errorf("%s: status %d, error %v\n%s", source, status, err, output)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: it took %v", source, took)
		}
	}
}

func TestUnreadable(t *testing.T) {
	inDirectory(t, contractText, noDepartures, publishedText)
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, rand.Reader)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	closed := httptest.NewServer(nil)
	closed.Close()

	const sized = "#/paths/~1things~1{thingId}/parameters/0"
	tests := []struct{ name, source, text, want string }{
		{"no file", "nothing.json", "", "no such file"},
		{"a directory", ".", "", "is a directory"},
		{"empty", "published.yaml", " \n", "not an OpenAPI 3.0 document: openapi is null, not 3.0.x"},
		{"a page", "published.yaml", "<!DOCTYPE html>\n<title>Things</title>", "a web page, or XML; it must be JSON or YAML"},
		{"cut", "published.yaml", asJSON(t, publishedText)[:2000], "unexpected end of JSON input"},
		{"a list", "published.yaml", "[1]", "not an OpenAPI 3.0 document: openapi is null, not 3.0.x"},
		{"an older format", "published.yaml", `{"swagger": "2.0", "paths": {}}`, "not an OpenAPI 3.0 document: openapi is null, not 3.0.x"},
		{"a newer format", "published.yaml", "openapi: 3.1.0", `not an OpenAPI 3.0 document: openapi is "3.1.0", not 3.0.x`},
		{"a reference to nothing", "published.yaml", change(t, publishedText, "    Size:", "    Other:"), sized + `/schema/$ref: "#/components/schemas/Size" is not in the document`},
		{"a reference to elsewhere", "published.yaml", change(t, publishedText, "'#/components/schemas/Size'", "'other.yaml#/Size'"), `"other.yaml#/Size" is not in the document, and nothing else is fetched`},
		{"a circle", "published.yaml", change(t, publishedText, "    Size: {", "    Size: {$ref: '#/components/schemas/Size', "), "form a cycle"},
		{"no schema", "published.yaml", change(t, publishedText, "schema: {$ref: '#/components/schemas/Size'}", "schema: 5"), sized + "/schema is not an object"},
		{"an unknown scheme", "ftp://me:quiet@things.example/", "", `unsupported protocol scheme "ftp"`},
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
			wantError(t, test.source, test.want)
		})
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{nil, {""}, {"published.yaml", "published.yaml"}} {
		if status, err := run(args, io.Discard); status != 2 || err == nil || !strings.Contains(err.Error(), "see -h") {
			t.Errorf("%q: status %d, error %v", args, status, err)
		}
	}
	for _, help := range []string{"-h", "--help"} {
		if status, output, err := upstream(help); status != 0 || output != usage || err != nil {
			t.Errorf("%s: status %d, error %v\n%s", help, status, err, output)
		}
	}
}

// The program needs a contract with operations.
func TestContract(t *testing.T) {
	inDirectory(t, "openapi: 3.0.3\npaths: {}", noDepartures, publishedText)
	wantError(t, "published.yaml", "api/openapi.yaml: no operations below paths")
	t.Chdir("api")
	wantError(t, "../published.yaml", "api/openapi.yaml: ")
}

// A report that can't be written is an error, even if the documents agree.
func TestUnwritableReport(t *testing.T) {
	inDirectory(t, contractText, noDepartures, change(t, publishedText, "maximum: 200", "maximum: 100"))
	reader, stdout := io.Pipe()
	full := errors.New("the disk is full")
	reader.CloseWithError(full)
	for _, source := range []string{contractFile, "published.yaml", "-h"} {
		if status, err := run([]string{source}, stdout); status != 1 || !errors.Is(err, full) {
			t.Errorf("%s: status %d, error %v", source, status, err)
		}
	}
}

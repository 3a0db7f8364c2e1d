package test

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
)

func TestDocumentHolds(t *testing.T) {
	for _, fault := range faults(readDocument(t)) {
		t.Errorf("api/openapi.yaml: %s", fault)
	}
}

func readDocument(t *testing.T) string {
	t.Helper()
	return readText(t, "../api/openapi.yaml")
}

// faults lists the faults of a document: violations of OpenAPI, examples that are missing or do not match their
// schemas, missing descriptions, and facts that differ from m3ter's.
func faults(text string) (found []string) {
	complain := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		return []string{err.Error()}
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		complain("openapi is %s, want 3.0", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableMultiError()); err != nil {
		return append(found, err.Error())
	}
	for place, content := range contents(doc) {
		if media := content.Get("application/json"); media == nil || media.Example == nil && len(media.Examples) == 0 {
			complain("%s has no example", place)
		}
	}
	places, rows := placesOf(doc), documentedFacts()
	for name, place := range places {
		if place.description == "" {
			complain("%s has no description", name)
		}
		if want := cmp.Or(rows[name], usual(name, place)); place.facts != want {
			complain("%s is %s, but %s in test/bounds_test.go", name, place.facts, want)
		}
	}
	for name := range rows {
		if _, found := places[name]; !found {
			complain("%s is missing, but has a row in test/bounds_test.go", name)
		}
	}
	slices.Sort(found)
	return found
}

// contents returns the request and response bodies of a document's operations.
func contents(doc *openapi3.T) map[string]openapi3.Content {
	all := make(map[string]openapi3.Content)
	for _, operation := range cases.OperationsOf(doc) {
		if operation.RequestBody != nil {
			all[operation.OperationID+".body"] = operation.RequestBody.Value.Content
		}
		for status, answer := range operation.Responses.Map() {
			all[operation.OperationID+"."+status] = answer.Value.Content
		}
	}
	return all
}

// The comments in openapi.yaml name exactly the departures of departures.yaml.
func TestDeparturesAreNamed(t *testing.T) {
	named := idsIn(t, "../api/openapi.yaml", `# Departure: ([a-z-]+)`)
	given := idsIn(t, "../api/departures.yaml", `(?m)^  - id: ([a-z-]+)$`)
	if len(given) == 0 || !slices.Equal(named, given) {
		t.Errorf("openapi.yaml names %q, departures.yaml has %q", named, given)
	}
}

func idsIn(t *testing.T, file, pattern string) []string {
	t.Helper()
	var ids []string
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(readText(t, file), -1) {
		ids = append(ids, match[1])
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

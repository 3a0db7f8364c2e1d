package test

import (
	"regexp"
	"slices"
	"testing"
)

// A place that differs from the published document names its reason, and each reason has a place.
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

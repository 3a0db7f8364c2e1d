package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inDirectory runs a test in a new directory with these files.
func inDirectory(t *testing.T, contract, departures, published string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("api", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{contractFile: contract, departuresFile: departures, "published.yaml": published} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const noDepartures = "departures: []"

// upstream runs the command on a published document.
func upstream(t *testing.T, source string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	status = run(t.Context(), []string{source}, &out, &errs)
	return status, out.String(), errs.String()
}

// change replaces a text that must occur once.
func change(t *testing.T, text, old, new string) string {
	t.Helper()
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%q is there %d times", old, n)
	}
	return strings.Replace(text, old, new, 1)
}

// withMessages runs a test in a directory where the message of an error has these schemas.
func withMessages(t *testing.T, here, published, departures string) {
	t.Helper()
	const message = "message: {type: string}"
	inDirectory(t, change(t, contractText, message, "message: {"+here+"}"), departures, change(t, publishedText, message, "message: {"+published+"}"))
}

// atMessage prefixes findings with the place of that message.
func atMessage(found []string) []string {
	var all []string
	for _, f := range found {
		all = append(all, "ChangeThing responses.4XX(application/json).message"+f)
	}
	return all
}

// wantFindings compares the first lines of findings, shortened to + and -.
func wantFindings(t *testing.T, source string, want []string) {
	t.Helper()
	status, stdout, stderr := upstream(t, source)
	short := strings.NewReplacer(": only published: ", " +", ": only published", " +",
		"; only in api/openapi.yaml: ", " -", ": only in api/openapi.yaml: ", " -", ": only in api/openapi.yaml", " -")
	var got []string
	for _, head := range regexp.MustCompile(`(?m)^(\w+) \(\w+ [^)]+\)(.*)\n  published: `).FindAllStringSubmatch(stdout, -1) {
		got = append(got, head[1]+short.Replace(head[2]))
	}
	wantStatus := min(1, len(want))
	if status != wantStatus || stderr != "" || !slices.Equal(got, want) {
		t.Errorf("status %d, want %d\n%s%s\nwant\n%s", status, wantStatus, strings.Join(got, "\n"), stderr, strings.Join(want, "\n"))
	}
}

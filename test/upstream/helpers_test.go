package main

import (
	"os"
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
func upstream(source string) (status int, output string, err error) {
	var stdout strings.Builder
	status, err = run([]string{source}, &stdout)
	return status, stdout.String(), err
}

// change replaces a text that must occur once.
func change(t *testing.T, text, old, new string) string {
	t.Helper()
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%q occurs %d times, want 1", old, n)
	}
	return strings.Replace(text, old, new, 1)
}

// withMessages runs a test in a directory where the message of an error has these schemas.
func withMessages(t *testing.T, here, published, departures string) {
	t.Helper()
	const message = "message: {type: string}"
	inDirectory(t, change(t, contractText, message, "message: {"+here+"}"), departures, change(t, publishedText, message, "message: {"+published+"}"))
}

// wantFindings compares the places and facts of findings. In want, + marks facts that are only published, and - marks
// facts that are only in the contract. The place of a finding about the message is relative to the message.
func wantFindings(t *testing.T, source string, want []string) {
	t.Helper()
	found, err := check(source)
	short := strings.NewReplacer("ChangeThing responses.4XX(application/json).message", "",
		": only published: ", " +", ": only published", " +",
		"; only in api/openapi.yaml: ", " -", ": only in api/openapi.yaml: ", " -", ": only in api/openapi.yaml", " -")
	var got []string
	for _, f := range found {
		got = append(got, short.Replace(strings.TrimSpace(f.op.id+" "+f.place)+": "+f.what))
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("error %v, findings\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// wantError wants an error in place of a report. The error must not show the password "quiet".
func wantError(t *testing.T, source, want string) {
	t.Helper()
	status, output, err := upstream(source)
	if status != 1 || output != "" || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "quiet") {
		t.Errorf("status %d, error %v, want %s\n%s", status, err, want, output)
	}
}

package main

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

// runWith runs the program, and returns the lines that it writes to standard output.
func runWith(t *testing.T, args ...string) []string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), args, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stderr.String(), `"Meter readers"`) {
		t.Errorf("stderr is %q", stderr.String())
	}
	return strings.Split(strings.TrimSpace(stdout.String()), "\n")
}

// find returns the text that the group of expression matches, in a line that contains all parts.
func find(t *testing.T, lines []string, expression string, parts ...string) string {
	t.Helper()
	group := regexp.MustCompile(expression)
line:
	for _, line := range lines {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue line
			}
		}
		if match := group.FindStringSubmatch(line); match != nil {
			return match[1]
		}
	}
	t.Errorf("no line matches %q and contains %q:\n%s", expression, parts, strings.Join(lines, "\n"))
	return ""
}

func TestDemo(t *testing.T) {
	lines := runWith(t)
	call := find(t, lines, `^span (\w+): list policies,`)
	const url = "/users/" + demoUser + "/permissions"
	for status, code := range map[string]string{"503": "Error", "200": "Unset"} {
		parts := []string{"status " + code, "http.response.status_code=" + status, url}
		if got := find(t, lines, `^span \w+, parent (\w+): HTTP GET,`, parts...); got != call {
			t.Errorf("the attempt with status %s has the parent %q, want %q", status, got, call)
		}
		measured := []string{"http.request.method=GET", "http.response.status_code=" + status}
		if n := find(t, lines, `^metric http\.client\.request\.duration: requests (\d+),`, measured...); n != "1" {
			t.Errorf("the metrics count %s requests with status %s, want 1", n, status)
		}
	}
	find(t, lines, `^span (\w+): HTTP POST,`, "/oauth/token")
	for _, line := range lines {
		if strings.HasPrefix(line, "metric ") && strings.Contains(line, demoUser) {
			t.Errorf("a metric contains the id of a user: %s", line)
		}
	}
}

// The spans show ids, as docs/telemetry.md says, but no secret.
func TestNoSecrets(t *testing.T) {
	fake := startFake()
	t.Cleanup(fake.Close)
	for name, value := range exampletest.Environment(fake) {
		t.Setenv(name, value)
	}
	output := strings.Join(runWith(t, "-user", demoUser), "\n")

	secrets := map[string]string{
		"key":    fake.APIKey,
		"secret": fake.APISecret,
		"Basic":  base64.StdEncoding.EncodeToString([]byte(fake.APIKey + ":" + fake.APISecret)),
		"token":  bearerToken(t, fake),
	}
	for name, secret := range secrets {
		if strings.Contains(output, secret) {
			t.Errorf("the output shows the %s:\n%s", name, output)
		}
	}
}

// bearerToken returns the access token of a request to the fake.
func bearerToken(t *testing.T, fake *m3tertest.Server) string {
	t.Helper()
	for _, request := range fake.Requests() {
		if token, found := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); found && token != "" {
			return token
		}
	}
	t.Fatal("no request has an access token")
	return ""
}

func TestHelp(t *testing.T) { exampletest.CheckHelp(t, "-user id\n") }

func TestBadArgs(t *testing.T) {
	exampletest.CheckBadArgs(t, map[string]string{
		"-user ''": "telemetry: -user is empty; give it a value, or leave it out\n",
		"-users u": "telemetry: flag provided but not defined: -users; see -h",
		"u":        `telemetry: unexpected argument "u"; see -h`,
		"":         "telemetry: -user is missing; give it the id of the user",
	})
}

func TestNoCredentials(t *testing.T) {
	exampletest.Run(t, map[string]string{"M3TER_ORG_ID": "org"}, "-user", "u").CheckOnlyLine("telemetry: m3teraccess: credentials must be given")
}

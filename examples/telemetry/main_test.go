package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// TestMain lets the test binary be the program, when a test starts it as a process.
func TestMain(m *testing.M) {
	if os.Getenv("TELEMETRY_MAIN") != "" {
		main()
		return
	}
	for _, name := range variables {
		os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

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

// find returns what the expression's group matches, in a line that has all of parts.
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
	t.Errorf("no line is like %q and has %q:\n%s", expression, parts, strings.Join(lines, "\n"))
	return ""
}

func TestDemo(t *testing.T) {
	lines := runWith(t)
	call := find(t, lines, `^span (\w+): list policies,`)
	const url = "/users/" + demoUser + "/permissions"
	for status, code := range map[string]string{"503": "Error", "200": "Unset"} {
		parts := []string{"status " + code, "http.response.status_code=" + status, url}
		if got := find(t, lines, `^span \w+ below (\w+): HTTP GET,`, parts...); got != call {
			t.Errorf("the attempt answered with %s is below span %q, not %q", status, got, call)
		}
		measured := []string{"http.request.method=GET", "http.response.status_code=" + status}
		if n := find(t, lines, `^metric http\.client\.request\.duration: (\d+) requests`, measured...); n != "1" {
			t.Errorf("%s requests answered with %s were measured", n, status)
		}
	}
	find(t, lines, `^span (\w+): HTTP POST,`, "/oauth/token")
	for _, line := range lines {
		if strings.HasPrefix(line, "metric ") && strings.Contains(line, demoUser) {
			t.Errorf("a metric for each user: %s", line)
		}
	}
}

// The spans show ids, as README.md says, but no secret.
func TestNoSecrets(t *testing.T) {
	fake := startFake()
	t.Cleanup(fake.Close)
	t.Setenv("M3TER_BASE_URL", fake.URL)
	t.Setenv("M3TER_API_KEY", fake.APIKey)
	t.Setenv("M3TER_API_SECRET", fake.APISecret)
	t.Setenv("M3TER_ORG_ID", fake.OrganizationID)
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

// bearerToken is the token that the fake was sent.
func bearerToken(t *testing.T, fake *m3tertest.Server) string {
	t.Helper()
	for _, request := range fake.Requests() {
		if token, found := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); found && token != "" {
			return token
		}
	}
	t.Fatal("no request had a token")
	return ""
}

func TestCommandLine(t *testing.T) {
	tests := map[string]struct {
		args   []string
		env    string
		stdout string // a part of it
		stderr string // the whole line; "" is success
	}{
		"help":     {args: []string{"-h"}, stdout: "-user id\n"},
		"flag":     {args: []string{"-users", "u"}, stderr: "flag provided but not defined: -users; see -h"},
		"argument": {args: []string{"u"}, stderr: `unexpected argument "u"; see -h`},
		"no user":  {env: "M3TER_ORG_ID=org", stderr: "-user is missing: whose policies are to be listed?"},
		"no credentials": {
			args: []string{"-user", "u"}, env: "M3TER_BASE_URL=http://m3ter.test",
			stderr: "the M3TER_ variables: m3teraccess: credentials are missing; allowed: M3TER_API_KEY and M3TER_API_SECRET, " +
				"or M3TER_API_TOKEN, or WithCredentials, or WithTokenSource; " +
				"m3teraccess: organization is missing; allowed: M3TER_ORG_ID or WithOrganization; " +
				`m3teraccess: M3TER_BASE_URL is "http://m3ter.test"; ` +
				"allowed: https://host, or http to localhost or a loopback address, without user, query and fragment",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], tt.args...)
			cmd.Env = append(os.Environ(), "TELEMETRY_MAIN=1", tt.env)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if (err != nil) != (tt.stderr != "") {
				t.Errorf("error %v", err)
			}
			want := ""
			if tt.stderr != "" {
				want = "telemetry: " + tt.stderr + "\n"
			}
			if stderr.String() != want || !strings.Contains(stdout.String(), tt.stdout) {
				t.Errorf("stdout\n%sstderr\n%swant\n%s", stdout.String(), stderr.String(), want)
			}
		})
	}
}

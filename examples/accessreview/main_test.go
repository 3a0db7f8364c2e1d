package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

// The program sends the access token in M3TER_API_TOKEN unchanged.
func TestToken(t *testing.T) {
	fake := newFake(t)
	env := exampletest.Environment(fake)
	delete(env, "M3TER_API_KEY")
	delete(env, "M3TER_API_SECRET")
	env["M3TER_API_TOKEN"] = "unknown-token"
	p := exampletest.Run(t, env, "-user", testUser)
	p.CheckOnlyLine("accessreview: m3teraccess: GET /organizations/{orgId}/users/{id}/permissions: 403 Forbidden")
	requests := fake.Requests()
	if got := requests[len(requests)-1].Header.Get("Authorization"); got != "Bearer unknown-token" {
		t.Errorf("Authorization is %q", got)
	}
}

// If a variable is set, the program never uses the in-memory m3ter.
func TestIncompleteEnvironment(t *testing.T) {
	const credentials, organization = "credentials must be given by M3TER_API_KEY and M3TER_API_SECRET, by M3TER_API_TOKEN", "organization must be given by M3TER_ORG_ID"
	const key, secret = "M3TER_API_KEY must be set together with", "M3TER_API_SECRET must be set together with"
	for _, test := range []struct {
		set  string   // the variables that are set
		want []string // the errors for the missing variables
	}{
		{"M3TER_API_KEY", []string{secret, organization}},
		{"M3TER_API_SECRET", []string{key, organization}},
		{"M3TER_ORG_ID", []string{credentials}},
		{"M3TER_API_KEY M3TER_API_SECRET", []string{organization}},
		{"M3TER_API_KEY M3TER_ORG_ID", []string{secret}},
		{"M3TER_API_SECRET M3TER_ORG_ID", []string{key}},
		{"M3TER_API_TOKEN", []string{organization}},
		{"M3TER_API_TOKEN M3TER_API_KEY M3TER_ORG_ID", []string{secret}},
		{"M3TER_BASE_URL", []string{credentials, organization}},
	} {
		t.Run(test.set, func(t *testing.T) {
			env := map[string]string{}
			for name := range strings.FieldsSeq(test.set) {
				env[name] = "a-value"
			}
			if env["M3TER_BASE_URL"] != "" {
				env["M3TER_BASE_URL"] = "https://a-value.invalid"
			}
			p := exampletest.Run(t, env, "-user", testUser)
			p.CheckOnlyLine("accessreview: m3teraccess: " + test.want[0])
			line := p.Err.String()
			if n := strings.Count(line, "m3teraccess: "); n != len(test.want) || !strings.Contains(line, test.want[n-1]) {
				t.Errorf("stderr does not contain %q: %s", test.want, line)
			}
			if !strings.HasSuffix(line, " (to use an in-memory m3ter instead, unset all M3TER_ variables)\n") {
				t.Errorf("stderr does not say how to run the demo: %s", line)
			}
		})
	}
}

func TestBadFlags(t *testing.T) {
	exampletest.CheckBadArgs(t, map[string]string{
		"":                                   "accessreview: -user is missing; ",
		"-nonsense":                          "accessreview: flag provided but not defined: -nonsense; see -h\n",
		"-user u extra":                      `accessreview: unexpected argument "extra"; see -h`,
		"-user u -page-size 201":             "accessreview: -page-size is 201; it must be 1 to 200\n",
		"-user u -page-size -1":              "accessreview: -page-size is -1; it must be 1 to 200\n",
		"-user u -page-size 0":               "accessreview: -page-size is 0; it must be above zero\n",
		"-user u -support-extend 0s":         "accessreview: -support-extend is 0; it must be above zero\n",
		"-user u -support-until ''":          `accessreview: invalid value "" for flag -support-until`,
		"-user ''":                           "accessreview: -user is empty; give it a value, or leave it out\n",
		"-user u -policy ''":                 "accessreview: -policy is empty;",
		"-user u -actions ''":                `accessreview: invalid value "" for flag -actions`,
		"-user u -resources ''":              `accessreview: invalid value "" for flag -resources`,
		"-user u -group-type ''":             "accessreview: -group-type is empty;",
		"-user u -group ''":                  "accessreview: -group is empty;",
		"-user u -item ''":                   "accessreview: -item is empty;",
		"-user u -page-size many":            `accessreview: invalid value "many" for flag -page-size`,
		"-user u -support-until tomorrow":    `accessreview: invalid value "tomorrow" for flag -support-until: use a time such as 2026-03-01T17:00:00Z`,
		"-user u -support-extend -1h":        "accessreview: -support-extend is -1h0m0s; it must be above zero\n",
		"-user u -actions a,,b":              `accessreview: invalid value "a,,b" for flag -actions: one of the values is empty`,
		"-user u -group g":                   "accessreview: -group-type, -group and -item belong together",
		"-user u -group-type meter -group g": "accessreview: -group-type, -group and -item belong together",
		"-user u -write":                     "accessreview: -write needs at least one of -policy, ",
	})
}

func TestHelp(t *testing.T) {
	exampletest.CheckHelp(t, "\n  -user id", "\n  -page-size ", "\n  -write", "\n  -policy name", "\n  -actions actions", "\n  -resources resources",
		"\n  -support-until time", "\n  -support-extend duration", "\n  -group-type type", "\n  -group id", "\n  -item id")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestTableWriteError(t *testing.T) {
	for name, value := range exampletest.Environment(newFake(t)) {
		t.Setenv(name, value)
	}
	err := run(t.Context(), []string{"-user", testUser}, fullDisk{}, io.Discard)
	if err == nil || err.Error() != "the disk is full" {
		t.Errorf("the error is %v", err)
	}
}

// An error of NewClient may join several errors, one per line.
func TestOneLineForTwoErrors(t *testing.T) {
	env := exampletest.Environment(newFake(t))
	env["M3TER_ORG_ID"], env["M3TER_BASE_URL"] = "a/b", "ftp://c"
	p := exampletest.Run(t, env, "-user", testUser)
	p.CheckOnlyLine(`accessreview: m3teraccess: M3TER_ORG_ID must be one path segment`)
	if !strings.Contains(p.Err.String(), "; m3teraccess: M3TER_BASE_URL must be ") {
		t.Errorf("stderr is %q", p.Err)
	}
}

func TestInterrupt(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	fake := newFake(t)
	asked := exampletest.Silence(fake, "UserPermissions")
	p := exampletest.New(t, exampletest.Environment(fake), "-user", testUser)
	p.Begin()
	<-asked
	p.Interrupt(os.Interrupt)
	p.End()
	p.CheckOnlyLine("accessreview: interrupted: ")
}

// An interrupt ends the program even if no program reads the table.
func TestStalledOutput(t *testing.T) {
	fake := exampletest.NewFake(t)
	policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.ConfigRetrieve).On(strings.Repeat("x", 1<<20)),
	}})
	fake.AddUser("user")
	fake.GrantPolicy(policy.ID, "user")
	exampletest.CheckStalledOutput(t, exampletest.Environment(fake), "-user", "user")
}

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

// addUsers adds n users with a policy each, and returns their ids, one per line.
func addUsers(fake *m3tertest.Server, n int) (input string) {
	policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Readers", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:meter/*"),
	}})
	for i := range n {
		id := fmt.Sprint("user-", i)
		fake.AddUser(id)
		fake.GrantPolicy(policy.ID, id)
		input += id + "\n"
	}
	return input
}

// start starts an audit that reads the ids of users from input.
func start(t *testing.T, fake *m3tertest.Server, input string, args ...string) *exampletest.Program {
	p := exampletest.New(t, exampletest.Environment(fake), append([]string{"-users", "-"}, args...)...)
	p.Stdin = strings.NewReader(input)
	p.Begin()
	return p
}

// users parses the output, and returns the number of policies of each user.
func users(t *testing.T, output string) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for text := range strings.Lines(output) {
		var line struct {
			User     string
			Policies []m3teraccess.PermissionPolicy
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil || !strings.HasSuffix(text, "\n") || line.User == "" || line.Policies == nil {
			t.Fatalf("error %v in the line %q", err, text)
		}
		if _, twice := found[line.User]; twice {
			t.Errorf("the user %s has two lines", line.User)
		}
		found[line.User] = len(line.Policies)
	}
	return found
}

func TestDemo(t *testing.T) {
	t.Parallel() // the test mostly waits
	p := exampletest.Run(t, nil)
	p.Check(0, "audit: users done: 120, failed: 0 in ")
	if found := users(t, p.Out.String()); len(found) != 120 || found["demo-user-000"] != 2 || found["demo-user-001"] != 1 {
		t.Errorf("stdout has the users %v", found)
	}
	if !strings.HasPrefix(p.Err.String(), "No M3TER_ variable is set") || strings.Contains(p.Err.String(), "\r") {
		t.Errorf("stderr\n%s", p.Err)
	}
}

func TestLine(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddUser("user-1")
	fake.AddUser("none")
	policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{ID: "p", Name: "P", CreatedBy: "c", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Deny(m3teraccess.ConfigDelete).On("config:plan/*")}})
	fake.GrantPolicy(policy.ID, "user-1")
	p := start(t, fake, "none\nuser-1\n", "-parallel", "1")
	p.End()
	p.Check(0, "audit: users done: 2, failed: 0 in ")
	const want = `{"user":"none","policies":[]}
{"user":"user-1","policies":[{"createdBy":"c","dtCreated":"2026-01-02T03:04:05Z","dtLastModified":"2026-01-02T03:04:05Z","id":"p","lastModifiedBy":"c",` +
		`"name":"P","permissionPolicy":[{"action":["config:delete"],"effect":"deny","resource":["config:plan/*"]}],"version":1}]}
`
	if p.Out.String() != want {
		t.Errorf("stdout is\n%swant\n%s", p.Out, want)
	}
}

// A failed user has no line in the output. The audit continues with the other users.
func TestFailures(t *testing.T) {
	fake := exampletest.NewFake(t)
	addUsers(fake, 3)
	for i := range 250 {
		policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: fmt.Sprint(i)})
		for _, id := range []string{"two-pages", "one-page"} {
			fake.AddUser(id)
			fake.GrantPolicy(policy.ID, id)
		}
	}
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		isRefused := strings.Contains(r.Path, "user-2") || strings.Contains(r.Path, "one-page") && r.Query.Has("nextToken")
		return m3tertest.Fault{Status: 400}, isRefused
	})
	p := start(t, fake, "# the team\n\n  user-0 \r\n"+ // lines 1 to 3
		"unknown\n../x\n"+strings.Repeat("x", 5000)+"\n"+
		"two-pages\nuser-2\none-page\n # "+strings.Repeat("x", 5000)+"\nuser-1")
	p.End()
	p.Check(1, "audit: users done: 3, failed: 5\n")
	if got, want := users(t, p.Out.String()), map[string]int{"user-0": 1, "two-pages": 250, "user-1": 1}; !maps.Equal(got, want) {
		t.Errorf("stdout has the users %v, want %v", got, want)
	}
	asked := slices.DeleteFunc(fake.Requests(), func(r m3tertest.Request) bool { return !strings.Contains(r.Path, "two-pages") })
	if len(asked) != 2 {
		t.Errorf("the audit fetched 250 policies in %d pages, want 2", len(asked))
	}
	reports := slices.Sorted(strings.Lines(p.Err.String()))
	for i, want := range []string{
		`audit: line 4: user "unknown": m3teraccess: GET /organizations/{orgId}/users/{id}/permissions: 404 Not Found`,
		`audit: line 5: user "../x": m3teraccess: userID must be one path segment`,
		"audit: line 6: the id is too long; ",
		`audit: line 8: user "user-2": m3teraccess: GET /organizations/{orgId}/users/{id}/permissions: 400 Bad Request`,
		`audit: line 9: user "one-page": m3teraccess: GET /organizations/{orgId}/users/{id}/permissions: 400 Bad Request`,
		"audit: users done: 3, failed: 5\n",
	} {
		if i >= len(reports) || !strings.HasPrefix(reports[i], want) {
			t.Fatalf("stderr lacks %q:\n%s", want, p.Err)
		}
	}
}

// Without an access token, every user would fail. The audit prints one error.
func TestNoToken(t *testing.T) {
	fake := exampletest.NewFake(t)
	input := addUsers(fake, 200)
	fake.APISecret = "another one"
	p := exampletest.New(t, exampletest.Environment(fake), "-users", "-")
	fake.Inject(m3tertest.Fault{Operation: "Token", Status: 401, Body: `{"error":"invalid_client"}`})
	p.Stdin = strings.NewReader(input)
	p.Begin()
	p.End()
	p.CheckOnlyLine("audit: m3teraccess: could not obtain an access token: the token endpoint returned 401 Unauthorized: invalid_client")
}

func TestBadInput(t *testing.T) {
	exampletest.CheckBadArgs(t, map[string]string{
		"-users ''":       "audit: -users is empty; give it a value, or leave it out\n",
		"-parallel 0":     "audit: -parallel is 0; it must be above zero\n",
		"-parallel ''":    `audit: invalid value "" for flag -parallel`,
		"-parallel 1001":  "audit: -parallel is 1001; it must be 1 to 1000\n",
		"-parallel a-few": `audit: invalid value "a-few" for flag -parallel`,
		"users.txt":       `audit: unexpected argument "users.txt"; see -h`,
		"-nonsense":       "audit: flag provided but not defined: -nonsense; see -h\n",
	})
	exampletest.Run(t, map[string]string{"M3TER_API_KEY": "alone"}).CheckOnlyLine("audit: m3teraccess: M3TER_API_SECRET must be set together with M3TER_API_KEY")
}

func TestHelp(t *testing.T) { exampletest.CheckHelp(t, "\n  -users file", "\n  -parallel users") }

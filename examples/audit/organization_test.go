package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// runAudit runs an audit until it exits.
func runAudit(t *testing.T, fake *m3tertest.Server, args ...string) *exampletest.Program {
	t.Helper()
	return exampletest.Run(t, exampletest.Environment(fake), args...)
}

// Without a file, the audit fetches all users of the organization, from all pages.
func TestAllUsers(t *testing.T) {
	t.Parallel() // the test mostly waits
	fake := exampletest.NewFake(t)
	addUsers(fake, 101)
	p := runAudit(t, fake)
	p.Check(0, "audit: users done: 101, failed: 0 in ")
	if found := users(t, p.Out.String()); len(found) != 101 || found["user-100"] != 1 {
		t.Errorf("stdout has %d users", len(found))
	}
}

// The message about a failed user has the id. Without a file, it has no line number.
func TestOneOfAllUsersFails(t *testing.T) {
	fake := exampletest.NewFake(t)
	addUsers(fake, 3)
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		return m3tertest.Fault{Status: http.StatusBadRequest}, strings.Contains(r.Path, "user-1/")
	})
	p := runAudit(t, fake)
	p.Check(1, "audit: users done: 2, failed: 1\n")
	if !strings.HasPrefix(p.Err.String(), `audit: user "user-1": m3teraccess: `) {
		t.Errorf("stderr\n%s", p.Err)
	}
}

// If the audit can't fetch a later page of users, the audit fails. Its output has the users of the first page.
func TestLaterPageOfUsersFails(t *testing.T) {
	t.Parallel() // the test mostly waits
	fake := exampletest.NewFake(t)
	addUsers(fake, 101)
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		return m3tertest.Fault{Status: http.StatusBadRequest}, r.Operation == "ListUsers" && r.Query.Has("nextToken")
	})
	p := runAudit(t, fake)
	p.Check(1, "audit: users done: 100, failed: 1\n")
	if len(users(t, p.Out.String())) != 100 || !strings.Contains(p.Err.String(), "audit: could not list all users: m3teraccess: GET /organizations/{orgId}/users: 400 Bad Request") {
		t.Errorf("stderr\n%s", p.Err)
	}
}

// Without an access token, the audit can't list the users. The audit prints one error.
func TestNoTokenForTheList(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.Inject(m3tertest.Fault{Operation: "Token", Status: http.StatusUnauthorized})
	runAudit(t, fake).CheckOnlyLine("audit: m3teraccess: could not obtain an access token: ")
}

func TestOrganizationWithoutUsers(t *testing.T) {
	runAudit(t, exampletest.NewFake(t)).CheckOnlyLine("audit: the list of users is empty\n")
}

func TestListInFile(t *testing.T) {
	fake := exampletest.NewFake(t)
	addUsers(fake, 3)
	list := filepath.Join(t.TempDir(), "users.txt")
	if err := os.WriteFile(list, []byte("user-2\nuser-0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := runAudit(t, fake, "-users", list)
	p.Check(0, "audit: users done: 2, failed: 0 in ")
	if found := users(t, p.Out.String()); len(found) != 2 || found["user-1"] != 0 {
		t.Errorf("stdout has the users %v", found)
	}
	runAudit(t, fake, "-users", list+".gone").CheckOnlyLine("audit: open ")
}

func TestEmptyList(t *testing.T) {
	p := start(t, exampletest.NewFake(t), "# nobody\n")
	p.End()
	p.CheckOnlyLine("audit: the list of users is empty\n")
}

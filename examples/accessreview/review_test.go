package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const (
	testUser  = "user-1"
	testUntil = "2026-03-01T17:00:00Z"
)

// newFake returns a fake with a user who has three policies, with fixed times.
func newFake(t *testing.T) *m3tertest.Server {
	t.Helper()
	fake := exampletest.NewFake(t)
	fake.AddUser(testUser)
	for i, policy := range []m3teraccess.PermissionPolicy{
		{Name: "Editors", PermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.ConfigCreate, m3teraccess.ConfigUpdate).On("config:plan/*", "config:meter/*"),
			m3teraccess.Deny(m3teraccess.ConfigDelete).On("*"),
		}},
		{Name: "Says\nnothing\t\x1b[2J \u202e\\", ManagedPolicy: true},
		{Name: "Auditors", PermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.AuditRetrieve).On("*"),
		}},
	} {
		policy.LastModifiedAt = time.Date(2026, time.January, 1+i, 8, 0, 0, 0, time.UTC)
		fake.GrantPolicy(fake.AddPermissionPolicy(policy).ID, testUser)
	}
	fake.AddResourceGroup("meter", m3teraccess.ResourceGroup{ID: "group-1", Name: "Meters"},
		m3tertest.Item{TargetID: "item-1", TargetType: m3teraccess.TargetItem})
	return fake
}

const wantTable = `POLICY                           EFFECT  ACTIONS                       RESOURCES                      MANAGED  LAST MODIFIED
Auditors                         allow   audit:retrieve                *                              no       2026-01-03T08:00:00Z
Says\nnothing\t\x1b[2J \u202e\\  -       -                             -                              yes      2026-01-02T08:00:00Z
Editors                          allow   config:create, config:update  config:plan/*, config:meter/*  no       2026-01-01T08:00:00Z
Editors                          deny    config:delete                 *                              no       2026-01-01T08:00:00Z
`

func checkOperations(t *testing.T, fake *m3tertest.Server, want ...string) {
	t.Helper()
	if got := exampletest.Operations(fake); !slices.Equal(got, want) {
		t.Errorf("the operations are %q, want %q", got, want)
	}
}

func TestDemo(t *testing.T) {
	p := exampletest.Run(t, nil, "-support-until", testUntil)
	p.Check(0, "Removed the item ")
	const want = `POLICY          EFFECT  ACTIONS                            RESOURCES       MANAGED  LAST MODIFIED
Meter readers   allow   config:retrieve                    config:meter/*  no       NOW
No audit trail  deny    audit:retrieve                     *               no       2026-01-15T09:30:00Z
Analysts        allow   analytics:query, exports:download  *               no       2026-01-14T09:30:00Z
Plan editors    allow   config:create, config:update       config:plan/*   no       2026-01-13T09:30:00Z
Plan editors    deny    config:delete                      config:plan/*   no       2026-01-13T09:30:00Z
Administrators  allow   all                                *               yes      2026-01-12T09:30:00Z
`
	firstTime := regexp.MustCompile(`(?m)^(Meter readers .*  )\S+$`)
	if got := firstTime.ReplaceAllString(p.Out.String(), "${1}NOW"); got != want {
		t.Errorf("stdout is\n%swant\n%s", got, want)
	}

	const wantProgress = `No M3TER_ variable is set, so the program uses an in-memory m3ter at URL, not the real m3ter.
Created the policy "Meter readers", id ID.
Added the policy to the user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21.
Policies of the user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21, fetched in pages of 2: 5.
Opened support access until 2026-03-01T17:00:00Z, version 1.
A second writer extended support access until 2026-03-01T19:00:00Z, version 2.
Write 1, based on version 1, was refused: someone else updated support access first.
Write 2, based on version 2, succeeded: the end of support access moved from 2026-03-01T19:00:00Z to 2026-03-01T20:00:00Z, version 3.
The last write overwrote no change, because it was based on the latest version.
Removed the item 06f6b50c-a868-4ca6-8a3b-448e507d5248 from the resource group "Usage meters", version 2.
`
	stderr := regexp.MustCompile(`http://[0-9.:]+`).ReplaceAllString(p.Err.String(), "URL")
	stderr = regexp.MustCompile(`", id [0-9a-f-]+\.`).ReplaceAllString(stderr, `", id ID.`)
	if stderr != wantProgress {
		t.Errorf("stderr is\n%swant\n%s", stderr, wantProgress)
	}
}

func TestOnlyReadsWithoutWrite(t *testing.T) {
	fake := newFake(t)
	p := exampletest.Run(t, exampletest.Environment(fake), "-user", testUser, "-page-size", "1",
		"-policy", "P", "-support-until", testUntil, "-support-extend", "1h", "-group-type", "meter", "-group", "group-1", "-item", "item-1")
	p.Check(0, "Policies of the user user-1, fetched in pages of 1: 3.")
	if p.Out.String() != wantTable {
		t.Errorf("stdout is\n%swant\n%s", p.Out, wantTable)
	}
	if !strings.Contains(p.Err.String(), "Without -write, accessreview changes nothing") {
		t.Errorf("stderr does not say that nothing was changed:\n%s", p.Err)
	}
	checkOperations(t, fake, "Token", "UserPermissions", "UserPermissions", "UserPermissions")
}

func TestWrites(t *testing.T) {
	fake := newFake(t)
	p := exampletest.Run(t, exampletest.Environment(fake), "-user", testUser, "-write",
		"-policy", "Plan readers", "-actions", "config:retrieve, config:export", "-resources", "config:plan/*",
		"-support-until", testUntil, "-support-extend", "90m", "-group-type", "meter", "-group", "group-1", "-item", "item-1")
	p.Check(0, "Removed the item item-1 ")
	checkOperations(t, fake, "Token", "UserPermissions", "CreatePermissionPolicy", "AddPermissionPolicyToUser", "UserPermissions",
		"GetSupport", "RequestSupport", "GetSupport", "RequestSupport", "RemoveResource")
	if !strings.Contains(p.Out.String(), "\nPlan readers ") {
		t.Errorf("the new policy is not in the table:\n%s", p.Out)
	}
	policy := fake.UserPolicies(testUser)[0]
	if statement := policy.PermissionPolicy[0]; policy.Name != "Plan readers" || len(policy.PermissionPolicy) != 1 ||
		!slices.Equal(statement.Action, []m3teraccess.Action{"CONFIG_RETRIEVE", "CONFIG_EXPORT"}) || !slices.Equal(statement.Resource, []string{"config:plan/*"}) {
		t.Errorf("the user's newest policy is %+v", policy)
	}
	support, _ := fake.Support()
	if end := example.Clock(support.EndSupportUsersAccess); end != "2026-03-01T18:30:00Z" {
		t.Errorf("support access ends at %s", end)
	}
	if statements := support.SupportUsersPermissionPolicy; len(statements) != 1 || !slices.Equal(statements[0].Action, []m3teraccess.Action{"CONFIG_RETRIEVE"}) {
		t.Errorf("support users may do %+v", statements)
	}
	// The fake keeps the statements if a request has none. m3ter does not promise this.
	requests := fake.Requests()
	if body := string(requests[len(requests)-2].Body); !strings.Contains(body, `"action":["config:retrieve"]`) {
		t.Errorf("the request that extends support access has the body %s", body)
	}
	if items := fake.ResourceGroupItems("meter", "group-1"); len(items) != 0 {
		t.Errorf("the group still has %v", items)
	}
}

func TestWritesOnlyWhatIsAskedFor(t *testing.T) {
	fake := newFake(t)
	p := exampletest.Run(t, exampletest.Environment(fake), "-user", testUser, "-write", "-group-type", "meter", "-group", "group-1", "-item", "item-1")
	p.Check(0, "Removed the item item-1 ")
	checkOperations(t, fake, "Token", "UserPermissions", "RemoveResource")
}

// For an unknown user, the program creates no policy.
func TestUnknownUser(t *testing.T) {
	for user, line := range map[string]string{
		"nobody": "accessreview: m3teraccess: GET /organizations/{orgId}/users/{id}/permissions: 404 Not Found",
		"a/b":    `accessreview: m3teraccess: userID must be one path segment`,
	} {
		fake := newFake(t)
		exampletest.Run(t, exampletest.Environment(fake), "-user", user, "-write", "-policy", "P").CheckOnlyLine(line)
		if operations := exampletest.Operations(fake); slices.Contains(operations, "CreatePermissionPolicy") {
			t.Errorf("user %s: the operations are %q", user, operations)
		}
	}
}

// The response to adding the policy is lost. The program checks whether the user has the policy.
func TestLostResponse(t *testing.T) {
	for _, carriedOut := range []bool{true, false} {
		t.Run(fmt.Sprintf("carriedOut=%t", carriedOut), func(t *testing.T) {
			fake := newFake(t)
			fake.Inject(m3tertest.Fault{Operation: "AddPermissionPolicyToUser", Status: 502, CarriedOut: carriedOut})
			p := exampletest.Run(t, exampletest.Environment(fake), "-user", testUser, "-write", "-policy", "P")
			if carriedOut {
				p.Check(0, "Policies of the user user-1, ")
				if !strings.Contains(p.Out.String(), "\nP ") || !strings.Contains(p.Err.String(), "unknown whether m3ter added the policy, but the user has the policy") {
					t.Errorf("stdout\n%sstderr\n%s", p.Out, p.Err)
				}
			} else {
				p.Check(1, `accessreview: created the policy "P", id `)
				if !strings.Contains(p.Err.String(), "m3ter may have carried out the write") || p.Out.String() != "" {
					t.Errorf("stdout\n%sstderr\n%s", p.Out, p.Err)
				}
			}
			if n := strings.Count(strings.Join(exampletest.Operations(fake), " "), "AddPermissionPolicyToUser"); n != 1 {
				t.Errorf("the program sent %d requests to add the policy", n)
			}
		})
	}
}

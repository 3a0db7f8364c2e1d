package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

const (
	meterReaders  = `{effect: allow, action: ["config:retrieve"], resource: ["config:meter/*"]}`
	billApprovers = `{effect: allow, action: ["config:update"], resource: ["config:bill/*"]}`
)

// fileOf writes a policy file.
func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runOn runs the program against a fake, and returns the plan.
func runOn(t *testing.T, fake *m3tertest.Server, args ...string) (plan string, inStep bool) {
	t.Helper()
	for name, value := range exampletest.Environment(fake) {
		t.Setenv(name, value)
	}
	var stdout bytes.Buffer
	err := run(t.Context(), args, &stdout, io.Discard)
	if err != nil && err != example.ExitStatus(2) {
		t.Fatal(err)
	}
	return stdout.String(), err == nil
}

func writes(fake *m3tertest.Server) (n int) {
	for _, r := range fake.Requests() {
		if r.Operation != "Token" && r.Method != "GET" {
			n++
		}
	}
	return n
}

func TestPlan(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddUser("u1")
	fake.AddUser("u2")
	differs := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Bill approvers", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Deny(m3teraccess.ConfigDelete).On("config:bill/*"),
	}})
	fake.GrantPolicy(differs.ID, "u2")
	path := fileOf(t, "policies:\n  Meter readers: ["+meterReaders+"]\n  Bill approvers: ["+billApprovers+"]\nusers:\n  u1: [Meter readers]\n")

	old := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Old"})
	want := fmt.Sprintf(`+ policy "Meter readers"
+ user u1 "Meter readers"
? policy "Bill approvers" (id %[1]s) has [allow config:update on config:bill/*] in the file, [deny config:delete on config:bill/*] in m3ter
? policy "Old" (id %[2]s) is not in the file
? user u2 "Bill approvers" (id %[1]s) is not in the file
`, differs.ID, old.ID)
	if plan, inStep := runOn(t, fake, "-file", path); plan != want || inStep || writes(fake) > 0 {
		t.Errorf("%d writes, in step: %v, plan\n%s", writes(fake), inStep, plan)
	}
	wantJSON := fmt.Sprintf(`{"op":"add","policy":"Meter readers","file":[{"action":["config:retrieve"],"effect":"allow","resource":["config:meter/*"]}]}
{"op":"add","policy":"Meter readers","user":"u1"}
{"op":"differs","policy":"Bill approvers","id":"%[1]s","file":[{"action":["config:update"],"effect":"allow","resource":["config:bill/*"]}],"m3ter":[{"action":["config:delete"],"effect":"deny","resource":["config:bill/*"]}]}
{"op":"extra","policy":"Old","id":"%[2]s"}
{"op":"extra","policy":"Bill approvers","user":"u2","id":"%[1]s"}
`, differs.ID, old.ID)
	if plan, _ := runOn(t, fake, "-file", path, "-json"); plan != wantJSON {
		t.Errorf("as JSON\n%swant\n%s", plan, wantJSON)
	}
	exampletest.Run(t, exampletest.Environment(fake), "-file", path).Check(2, "")
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(2, "") // differences that -apply does not resolve are left
	if plan, _ := runOn(t, fake, "-file", path); strings.Contains(plan, "+ ") || strings.Count(plan, "? ") != 3 {
		t.Errorf("after -apply, which changes no policy, the plan is\n%s", plan)
	}
}

// The program ignores the policies that m3ter manages.
func TestInStep(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddUser("u1")
	managed := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Administrators", ManagedPolicy: true})
	fake.GrantPolicy(managed.ID, "u1")
	path := fileOf(t, "policies:\n  Meter readers: ["+meterReaders+"]\nusers:\n  u1: [Meter readers]\n")
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(0, "")
	before := writes(fake)
	p := exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply")
	p.Check(0, "")
	if p.Out.String()+p.Err.String() != "" || writes(fake) != before || before != 2 {
		t.Errorf("%d writes, then %d more, and\n%s%s", before, writes(fake)-before, p.Out, p.Err)
	}
}

// The test kills at least 50 runs, each while the fake serves a random request. About half of the writes lose their
// response. If a run ends before the test kills it, m3ter must match the file, and the test goes on with a new
// organization.
func TestKilled(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	t.Parallel()
	const users, names, kills = 6, 5, 50
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var text strings.Builder
	text.WriteString("policies:\n")
	for i := range names {
		fmt.Fprintf(&text, "  P%d: [%s]\n", i, meterReaders)
	}
	text.WriteString("users:\n")
	for i := range users {
		fmt.Fprintf(&text, "  u%d: [P0, P1, P2, P3, P4]\n", i)
	}
	path := fileOf(t, text.String())
	for killed := 0; killed < kills; {
		fake := exampletest.NewFake(t)
		for i := range users {
			fake.AddUser(fmt.Sprint("u", i))
		}
		for isKilled := true; isKilled; {
			isKilled = killAt(t, fake, random, 1+random.IntN(50), path)
			if isKilled {
				killed++
			}
		}
		exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(0, "")
		created := 0
		for _, r := range fake.Requests() {
			if r.Operation == "CreatePermissionPolicy" && r.Applied {
				created++
			}
		}
		if created != names {
			t.Errorf("%d policies were created, want %d", created, names)
		}
		for i := range users {
			if got := fake.UserPolicies(fmt.Sprint("u", i)); len(got) != names {
				t.Errorf("user %d has %d policies, want %d", i, len(got), names)
			}
		}
		fake.Close()
	}
}

// killAt applies the file, kills the process while the fake serves the request whose number is requests, and reports
// whether it killed the process. The fake carries out the request only after the process has ended.
func killAt(t *testing.T, fake *m3tertest.Server, random *rand.Rand, requests int, path string) bool {
	t.Helper()
	p := exampletest.New(t, exampletest.Environment(fake), "-file", path, "-apply")
	losses := rand.New(rand.NewPCG(random.Uint64(), 0)) // for the fake's goroutines, one at a time
	started := make(chan struct{})
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		if requests--; requests == 0 {
			<-started
			if err := p.Process.Kill(); err != nil {
				t.Error(err)
			}
			p.End()
		}
		if r.Operation == "Token" || r.Method == "GET" {
			return m3tertest.Fault{}, false
		}
		return m3tertest.Fault{Break: m3tertest.DropAnswer}, losses.IntN(2) == 0
	})
	p.Begin()
	close(started)
	p.End()
	fake.ClearFaults()
	if p.ProcessState.ExitCode() == -1 { // a signal ended it
		return true
	}
	p.Check(0, "")
	return false
}

// A policy whose creation has an unknown outcome is not created a second time, since m3ter may carry out the first
// request late. The next run finds the policy.
func TestLatePolicy(t *testing.T) {
	fake := exampletest.NewFake(t)
	path := fileOf(t, "policies:\n  A: ["+meterReaders+"]\n")
	fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Status: 504, Times: 1})
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(1, `policies: + policy "A": m3ter may still create the policy`)
	fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A", PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:meter/*")}})
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(0, "")
	if n := writes(fake); n != 1 {
		t.Errorf("%d writes, want only that of the first run", n)
	}
}

// The first write is carried out late, after the program has looked for its effect, so the second write conflicts. The
// program looks again, and finds the policy.
func TestLateWrite(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddUser("u1")
	path := fileOf(t, "policies:\n  A: ["+meterReaders+"]\nusers:\n  u1: [A]\n")
	sent := 0
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		if r.Operation != "AddPermissionPolicyToUser" {
			return m3tertest.Fault{}, false
		}
		if sent++; sent == 1 { // lost: the user does not have the policy yet
			return m3tertest.Fault{Break: m3tertest.DropAfterBody}, true
		}
		return m3tertest.Fault{CarriedOut: true, Status: 409}, true // the first write was carried out in the meantime
	})
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(0, "")
	if got := fake.UserPolicies("u1"); len(got) != 1 || sent != 2 {
		t.Errorf("after %d writes the user has %d policies, want 2 and 1", sent, len(got))
	}
}

// A user does not get a policy whose statements differ from those in the file.
func TestDifferingPolicyIsNotAdded(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddUser("u1")
	differs := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.All).On("*"),
	}})
	path := fileOf(t, "policies:\n  A: ["+meterReaders+"]\nusers:\n  u1: [A]\n")
	plan, inStep := runOn(t, fake, "-file", path, "-apply")
	if !strings.HasPrefix(plan, fmt.Sprintf(`? user u1 "A" (id %s) is not added`, differs.ID)) || inStep || writes(fake) > 0 {
		t.Errorf("%d writes, in step: %v, plan\n%s", writes(fake), inStep, plan)
	}
}

// Someone else creates the policy with other statements while the program runs. No user gets that policy.
func TestPolicyOfSomeoneElse(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddUser("u1")
	path := fileOf(t, "policies:\n  A: ["+meterReaders+"]\nusers:\n  u1: [A]\n")
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		if r.Operation != "CreatePermissionPolicy" {
			return m3tertest.Fault{}, false
		}
		fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A"})
		return m3tertest.Fault{Status: 409}, true
	})
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").
		Check(1, `policies: + policy "A": someone else has created it with other statements (id `)
	if got := fake.UserPolicies("u1"); len(got) > 0 {
		t.Errorf("the user got %v", got)
	}
}

// 200 users with 3 policies each, at 50 requests a second.
func TestPace(t *testing.T) {
	fake := exampletest.NewFake(t, m3tertest.WithRateLimit(50))
	text := "policies:\n  A: [" + meterReaders + "]\n  B: [" + meterReaders + "]\n  C: [" + meterReaders + "]\nusers:\n"
	for i := range 200 {
		fake.AddUser(fmt.Sprint("u", i))
		text += fmt.Sprintf("  u%d: [A, B, C]\n", i)
	}
	exampletest.Run(t, exampletest.Environment(fake), "-file", fileOf(t, text), "-apply").Check(0, "")
	var first, last time.Time
	counted := 0
	for _, r := range fake.Requests() {
		if r.Operation == "Token" {
			continue
		}
		if counted++; counted == 1 {
			first = r.Time
		}
		last = r.Time
		if r.Status != 200 && r.Status != 201 {
			t.Errorf("%s was answered with %d", r.Operation, r.Status)
		}
	}
	took, ideal := last.Sub(first), time.Duration(counted)*time.Second/50
	t.Logf("%d requests took %v; ideal is %v", counted, took, ideal)
	if took > ideal*110/100 {
		t.Errorf("%d requests took %v; ideal is %v", counted, took, ideal)
	}
}

func TestBadFile(t *testing.T) {
	fake := exampletest.NewFake(t)
	for text, want := range map[string]string{
		"policies:\n  A: [" + meterReaders + "]\nusrs: {}\n":                                             `: [3:1] unknown field "usrs"`,
		"policies:\n  A: [" + meterReaders + "]\n  A: [" + meterReaders + "]\n":                          ": [3:3] mapping key \"A\" already defined",
		"policies:\n  A:\n    - {effect: allow, action: [\"config:retrieve\"], resources: [x]}\n":        `: [3:52] unknown field "resources"`,
		"policies:\n  A: [{effect: allow, action: [\"config:retrieve\"], resource: []}]\n":               `: [2:7] policy "A": PermissionPolicy[0].Resource must be`,
		"policies:\n  A: [" + meterReaders + "]\nusers:\n  \"\": [A]\n":                                  `: [4:7] user "": PrincipalID must be`,
		"policies:\n  A: [" + meterReaders + "]\nusers:\n  ../x: [A]\n":                                  `: [4:9] user "../x": the id must be one path segment`,
		"policies:\n  A: &a\n  - {effect: ALLOW, action: [all], resource: [x]}\n":                        `: [2:6] policy "A": PermissionPolicy[0].Effect must be`,
		"policies: {}\n---\nusers: {}\n":                                                                 `: the file has 2 YAML documents`,
		"policies:\n  A: []\n":                                                                           `: [2:6] policy "A": PermissionPolicy must be`,
		"policies:\n  A:\n":                                                                              `: [2:6] policy "A": PermissionPolicy must be`,
		"policies:\n  A:\n  - " + meterReaders + "\n  - {effect: ALLOW, action: [all], resource: [x]}\n": `: [4:5] policy "A": PermissionPolicy[1].Effect must be`,
		"policies:\n  A: [" + meterReaders + "]\nusers:\n  u: [B]\n":                                     `: [4:7] user u: no policy is named "B"`,
		"policies:\n  A: [" + meterReaders + "]\nusers:\n  u: [A, A]\n":                                  `: [4:10] user u: the list repeats policy "A"`,
	} {
		path := fileOf(t, text)
		p := exampletest.Run(t, exampletest.Environment(fake), "-file", path)
		p.Check(1, "policies: "+path+want)
	}
	if n := len(fake.Requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestTwoPoliciesOfOneName(t *testing.T) {
	fake := exampletest.NewFake(t)
	a := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A"})
	b := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A"})
	p := exampletest.Run(t, exampletest.Environment(fake), "-file", fileOf(t, "policies: {}\n"), "-apply")
	p.CheckOnlyLine(`policies: two policies in m3ter are named "A": `)
	for _, id := range []string{a.ID, b.ID} {
		if !strings.Contains(p.Err.String(), id) {
			t.Errorf("%s is not named: %s", id, p.Err)
		}
	}
}

func TestUsage(t *testing.T) {
	exampletest.CheckHelp(t, "-apply", "-json", "-file path", "exit status", "any difference is left", "including wrong flags")
	fake := exampletest.NewFake(t)
	exampletest.Run(t, exampletest.Environment(fake)).CheckOnlyLine("policies: -file is missing")
	exampletest.Run(t, exampletest.Environment(fake), "-aply").CheckOnlyLine("policies: flag provided but not defined: -aply")
	exampletest.Run(t, nil, "-apply").Check(0, "")
}

// Text from m3ter can neither forge a line of the plan nor control the terminal.
func TestPrintablePlan(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Deny(m3teraccess.ConfigDelete).On("*\n+ policy \"forged\"\x1b[2J"),
	}})
	path := fileOf(t, "\ufeffpolicies:\n  A: ["+meterReaders+"]\n") // with the byte order mark of some editors
	plan, _ := runOn(t, fake, "-file", path)
	if strings.Count(plan, "\n") != 1 || strings.Contains(plan, "\x1b") || !strings.Contains(plan, `forged`) {
		t.Errorf("plan %q", plan)
	}
}

// An interrupt ends the program even if no program reads the plan.
func TestStalledOutput(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "A", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Deny(m3teraccess.ConfigDelete).On(strings.Repeat("x", 1<<20)),
	}})
	path := fileOf(t, "policies:\n  A: ["+meterReaders+"]\n")
	exampletest.CheckStalledOutput(t, exampletest.Environment(fake), "-file", path)
}

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
func runOn(t *testing.T, fake *m3tertest.Server, args ...string) (plan string, outOfStep bool) {
	t.Helper()
	for name, value := range exampletest.Environment(fake) {
		t.Setenv(name, value)
	}
	var stdout bytes.Buffer
	outOfStep, err := run(t.Context(), args, &stdout, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), outOfStep
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

	const want = `? policy "Bill approvers" has [allow config:update on config:bill/*] in the file, [deny config:delete on config:bill/*] in m3ter
+ policy "Meter readers"
+ user u1 "Meter readers"
? user u2 "Bill approvers" is not in the file
`
	if plan, outOfStep := runOn(t, fake, "-file", path); plan != want || !outOfStep || writes(fake) > 0 {
		t.Errorf("%d writes, out of step: %v, plan\n%s", writes(fake), outOfStep, plan)
	}
	plan, _ := runOn(t, fake, "-file", path, "-json")
	if !strings.Contains(plan, `{"op":"add","policy":"Meter readers","user":"u1"}`) || strings.Count(plan, "\n") != 4 {
		t.Errorf("as JSON\n%s", plan)
	}
	exampletest.Run(t, exampletest.Environment(fake), "-file", path).Check(2, "")
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(2, "")
	if plan, _ := runOn(t, fake, "-file", path); strings.Contains(plan, "+ ") || strings.Count(plan, "? ") != 2 {
		t.Errorf("after -apply, which changes no policy, the plan is\n%s", plan)
	}
}

func TestInStep(t *testing.T) {
	fake := exampletest.NewFake(t)
	fake.AddUser("u1")
	path := fileOf(t, "policies:\n  Meter readers: ["+meterReaders+"]\nusers:\n  u1: [Meter readers]\n")
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(0, "")
	before := writes(fake)
	p := exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply")
	p.Check(0, "")
	if p.Out.String()+p.Err.String() != "" || writes(fake) != before || before != 2 {
		t.Errorf("%d writes, then %d more, and\n%s%s", before, writes(fake)-before, p.Out, p.Err)
	}
}

// Each run is killed at a random request of -apply; half of the writes lose their answer.
func TestKilled(t *testing.T) {
	const users, names, kills = 30, 25, 50
	fake := exampletest.NewFake(t)
	var text strings.Builder
	var all []string
	text.WriteString("policies:\n")
	for i := range names {
		all = append(all, fmt.Sprint("P", i))
		fmt.Fprintf(&text, "  P%d: [%s]\n", i, meterReaders)
	}
	text.WriteString("users:\n")
	for i := range users {
		fake.AddUser(fmt.Sprint("u", i))
		fmt.Fprintf(&text, "  u%d: [%s]\n", i, strings.Join(all, ", "))
	}
	path := fileOf(t, text.String())

	killAt := make(chan struct{}, 1)
	left := -1 // writes before the process is killed; under the turn of InjectFunc
	setLeft := make(chan int, 1)
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		if r.Operation == "Token" || r.Method == "GET" {
			return m3tertest.Fault{}, false
		}
		select {
		case left = <-setLeft:
		default:
		}
		if left--; left == 0 {
			killAt <- struct{}{}
		}
		return m3tertest.Fault{Break: m3tertest.DropAnswer}, rand.N(2) == 0
	})
	killed := 0
	for range kills {
		setLeft <- 1 + rand.N(4)
		p := exampletest.New(t, exampletest.Environment(fake), "-file", path, "-apply")
		p.Begin()
		ended := make(chan struct{})
		go func() { p.End(); close(ended) }()
		select {
		case <-killAt:
			killed++
			_ = p.Process.Kill()
			<-ended
		case <-ended:
		}
		select { // what this run left for the next
		case <-setLeft:
		default:
		}
		select {
		case <-killAt:
		default:
		}
	}
	fake.ClearFaults()
	exampletest.Run(t, exampletest.Environment(fake), "-file", path, "-apply").Check(0, "")
	created := 0
	for _, r := range fake.Requests() {
		if r.Operation == "CreatePermissionPolicy" && r.Applied {
			created++
		}
	}
	if created != names || killed < kills/2 {
		t.Errorf("%d policies were created, want %d, in runs of which %d were killed", created, names, killed)
	}
	for i := range users {
		if got := fake.UserPolicies(fmt.Sprint("u", i)); len(got) != names {
			t.Errorf("user %d has %d policies", i, len(got))
		}
	}
}

// 200 users with 3 policies each, at 50 requests a second.
func TestPace(t *testing.T) {
	t.Parallel()
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
		"policies:\n  A: [" + meterReaders + "]\nusrs: {}\n":                                      `:3: unknown field "usrs"`,
		"policies:\n  A: [" + meterReaders + "]\n  A: [" + meterReaders + "]\n":                   ":3: mapping key \"A\" already defined",
		"policies:\n  A:\n    - {effect: allow, action: [\"config:retrieve\"], resources: [x]}\n": `:3: unknown field "resources"`,
		"policies:\n  A: [{effect: allow, action: [\"config:retrieve\"], resource: []}]\n":        `:2: policy "A": PermissionPolicy[0].Resource must be`,
		"policies:\n  A: []\n": `:2: policy "A": PermissionPolicy must be`,
		"policies:\n  A: [" + meterReaders + "]\nusers:\n  u: [B]\n":    `:4: user u: no policy is named "B"`,
		"policies:\n  A: [" + meterReaders + "]\nusers:\n  u: [A, A]\n": `:4: user u: policy "A" is named twice`,
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
	exampletest.CheckHelp(t, "-apply", "-json", "-file path", "exit status")
	fake := exampletest.NewFake(t)
	exampletest.Run(t, exampletest.Environment(fake)).CheckOnlyLine("policies: -file is missing")
	exampletest.Run(t, exampletest.Environment(fake), "-aply").CheckOnlyLine("policies: flag provided but not defined: -aply")
	exampletest.Run(t, nil, "-apply").Check(0, "")
}

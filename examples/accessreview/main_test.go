package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// TestMain lets the test binary be the program, when a test starts it as a process.
func TestMain(m *testing.M) {
	if os.Getenv("ACCESSREVIEW_MAIN") != "" {
		main()
		return
	}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "M3TER_") {
			name, _, _ := strings.Cut(variable, "=")
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// runWith runs the program with an environment of its own.
func runWith(t *testing.T, env map[string]string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, progress bytes.Buffer
	err = run(t.Context(), args, func(name string) string { return env[name] }, &out, &progress)
	return out.String(), progress.String(), err
}

const (
	testUser  = "user-1"
	testUntil = "2026-03-01T17:00:00Z"
)

// newFake has a user with three policies, whose times are fixed.
func newFake(t *testing.T) *m3tertest.Server {
	t.Helper()
	fake := m3tertest.NewServer()
	t.Cleanup(fake.Close)
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

func environmentOf(fake *m3tertest.Server) map[string]string {
	return map[string]string{
		"M3TER_API_KEY":    fake.APIKey,
		"M3TER_API_SECRET": fake.APISecret,
		"M3TER_ORG_ID":     fake.OrganizationID,
		"M3TER_BASE_URL":   fake.URL,
	}
}

// operations are what the fake was asked for.
func operations(fake *m3tertest.Server) []string {
	var names []string
	for _, request := range fake.Requests() {
		names = append(names, request.Operation)
	}
	return names
}

func TestDemo(t *testing.T) {
	stdout, stderr, err := runWith(t, nil, "-support-until", testUntil)
	if err != nil {
		t.Fatal(err)
	}
	const want = `POLICY          EFFECT  ACTIONS                            RESOURCES       MANAGED  LAST MODIFIED
Meter readers   allow   config:retrieve                    config:meter/*  no       NOW
No audit trail  deny    audit:retrieve                     *               no       2026-01-15T09:30:00Z
Analysts        allow   analytics:query, exports:download  *               no       2026-01-14T09:30:00Z
Plan editors    allow   config:create, config:update       config:plan/*   no       2026-01-13T09:30:00Z
Plan editors    deny    config:delete                      config:plan/*   no       2026-01-13T09:30:00Z
Administrators  allow   all                                *               yes      2026-01-12T09:30:00Z
`
	firstTime := regexp.MustCompile(`(?m)^(Meter readers .*  )\S+$`)
	if got := firstTime.ReplaceAllString(stdout, "${1}NOW"); got != want {
		t.Errorf("stdout is\n%swant\n%s", got, want)
	}

	const wantProgress = `No M3TER_ variable is set: this runs against an in-memory m3ter at URL, not the real service.
Created the policy "Meter readers", id ID.
Added it to the user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21.
Policies of the user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21, fetched in pages of 2: 5.
Opened support access until 2026-03-01T17:00:00Z, version 1.
A second writer lets support access end at 2026-03-01T19:00:00Z, version 2.
Attempt 1, with version 1, was refused: somebody else was faster.
Attempt 2, with version 2, succeeded: the end of support access moved from 2026-03-01T19:00:00Z to 2026-03-01T20:00:00Z, version 3.
Both changes stand: ours was made on top of the other one.
Removed the item 06f6b50c-a868-4ca6-8a3b-448e507d5248 from the resource group "Usage meters", version 2.
`
	stderr = regexp.MustCompile(`http://[0-9.:]+`).ReplaceAllString(stderr, "URL")
	stderr = regexp.MustCompile(`", id [0-9a-f-]+\.`).ReplaceAllString(stderr, `", id ID.`)
	if stderr != wantProgress {
		t.Errorf("stderr is\n%swant\n%s", stderr, wantProgress)
	}
}

func TestOnlyReadsWithoutWrite(t *testing.T) {
	fake := newFake(t)
	stdout, stderr, err := runWith(t, environmentOf(fake), "-user", testUser, "-page-size", "1",
		"-policy", "P", "-support-until", testUntil, "-support-extend", "1h", "-group-type", "meter", "-group", "group-1", "-item", "item-1")
	if err != nil {
		t.Fatal(err)
	}
	if stdout != wantTable {
		t.Errorf("stdout is\n%swant\n%s", stdout, wantTable)
	}
	if !strings.Contains(stderr, "Without -write nothing is changed") {
		t.Errorf("stderr does not say that nothing was changed:\n%s", stderr)
	}
	want := []string{"Token", "UserPermissions", "UserPermissions", "UserPermissions"}
	if got := operations(fake); !slices.Equal(got, want) {
		t.Errorf("the fake was asked for %q, want %q", got, want)
	}
}

func TestWrites(t *testing.T) {
	fake := newFake(t)
	stdout, _, err := runWith(t, environmentOf(fake), "-user", testUser, "-write",
		"-policy", "Plan readers", "-actions", "config:retrieve, config:export", "-resources", "config:plan/*",
		"-support-until", testUntil, "-support-extend", "90m", "-group-type", "meter", "-group", "group-1", "-item", "item-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Token", "CreatePermissionPolicy", "AddPermissionPolicyToUser", "UserPermissions",
		"GetSupport", "RequestSupport", "GetSupport", "RequestSupport", "RemoveResource"}
	if got := operations(fake); !slices.Equal(got, want) {
		t.Errorf("the fake was asked for %q, want %q", got, want)
	}
	if !strings.Contains(stdout, "\nPlan readers ") {
		t.Errorf("the new policy is not in the table:\n%s", stdout)
	}
	policy := fake.UserPolicies(testUser)[0]
	if statement := policy.PermissionPolicy[0]; policy.Name != "Plan readers" || len(policy.PermissionPolicy) != 1 ||
		!slices.Equal(statement.Action, []m3teraccess.Action{"CONFIG_RETRIEVE", "CONFIG_EXPORT"}) || !slices.Equal(statement.Resource, []string{"config:plan/*"}) {
		t.Errorf("the user's newest policy is %+v", policy)
	}
	support, _ := fake.Support()
	if end := clock(support.EndSupportUsersAccess); end != "2026-03-01T18:30:00Z" {
		t.Errorf("support access ends at %s", end)
	}
	if statements := support.SupportUsersPermissionPolicy; len(statements) != 1 || !slices.Equal(statements[0].Action, []m3teraccess.Action{"CONFIG_RETRIEVE"}) {
		t.Errorf("support users may do %+v", statements)
	}
	// The fake keeps the statements when none are sent; m3ter does not promise that.
	requests := fake.Requests()
	if body := string(requests[len(requests)-2].Body); !strings.Contains(body, `"action":["config:retrieve"]`) {
		t.Errorf("the extension of support access was sent as %s", body)
	}
	if items := fake.ResourceGroupItems("meter", "group-1"); len(items) != 0 {
		t.Errorf("the group still has %v", items)
	}
}

func TestWritesOnlyWhatIsAskedFor(t *testing.T) {
	fake := newFake(t)
	if _, _, err := runWith(t, environmentOf(fake), "-user", testUser, "-write", "-group-type", "meter", "-group", "group-1", "-item", "item-1"); err != nil {
		t.Fatal(err)
	}
	want := []string{"Token", "UserPermissions", "RemoveResource"}
	if got := operations(fake); !slices.Equal(got, want) {
		t.Errorf("the fake was asked for %q, want %q", got, want)
	}
}

// A static token is used as it is.
func TestToken(t *testing.T) {
	fake := newFake(t)
	env := environmentOf(fake)
	delete(env, "M3TER_API_KEY")
	delete(env, "M3TER_API_SECRET")
	env["M3TER_API_TOKEN"] = "unknown-token"
	stdout, _, err := runWith(t, env, "-user", testUser)
	if !errors.Is(err, m3teraccess.ErrForbidden) || stdout != "" {
		t.Errorf("got %v and a table %q, want ErrForbidden and no table", err, stdout)
	}
	requests := fake.Requests()
	if got := requests[len(requests)-1].Header.Get("Authorization"); got != "Bearer unknown-token" {
		t.Errorf("Authorization is %q", got)
	}
}

// The answer to adding the policy is lost: the program looks whether it was done all the same.
func TestLostAnswer(t *testing.T) {
	for _, done := range []bool{true, false} {
		t.Run(fmt.Sprintf("done=%t", done), func(t *testing.T) {
			fake := newFake(t)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/addtouser") {
					fake.ServeHTTP(w, r)
					return
				}
				if done {
					fake.ServeHTTP(httptest.NewRecorder(), r)
				}
				w.WriteHeader(http.StatusBadGateway)
			}))
			defer front.Close()
			env := environmentOf(fake)
			env["M3TER_BASE_URL"] = front.URL
			stdout, stderr, err := runWith(t, env, "-user", testUser, "-write", "-policy", "P")
			if done {
				if err != nil || !strings.Contains(stdout, "\nP ") || !strings.Contains(stderr, "was lost, but the user has it") {
					t.Errorf("error %v, table\n%sprogress\n%s", err, stdout, stderr)
				}
			} else if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) || !strings.HasPrefix(err.Error(), `the policy "P", id `) || stdout != "" {
				t.Errorf("error %v, table %q, want ErrOutcomeUnknown and no table", err, stdout)
			}
			if n := strings.Count(strings.Join(operations(fake), " "), "AddPermissionPolicyToUser"); done != (n == 1) {
				t.Errorf("the policy was added %d times", n)
			}
		})
	}
}

func TestIncompleteEnvironment(t *testing.T) {
	for _, test := range []struct {
		set  []string // each to a value
		want string   // what is named as missing
	}{
		{[]string{"M3TER_API_KEY"}, "not set: M3TER_API_SECRET, M3TER_ORG_ID ("},
		{[]string{"M3TER_API_SECRET"}, "not set: M3TER_API_KEY, M3TER_ORG_ID ("},
		{[]string{"M3TER_ORG_ID"}, "not set: M3TER_API_KEY, M3TER_API_SECRET ("},
		{[]string{"M3TER_API_KEY", "M3TER_API_SECRET"}, "not set: M3TER_ORG_ID ("},
		{[]string{"M3TER_API_KEY", "M3TER_ORG_ID"}, "not set: M3TER_API_SECRET ("},
		{[]string{"M3TER_API_SECRET", "M3TER_ORG_ID"}, "not set: M3TER_API_KEY ("},
		{[]string{"M3TER_API_TOKEN"}, "not set: M3TER_ORG_ID ("},
		{[]string{"M3TER_API_TOKEN", "M3TER_API_KEY", "M3TER_ORG_ID"}, "not set: M3TER_API_SECRET ("},
		{[]string{"M3TER_BASE_URL"}, "not set: M3TER_API_KEY, M3TER_API_SECRET, M3TER_ORG_ID ("},
	} {
		t.Run(strings.Join(test.set, "+"), func(t *testing.T) {
			env := map[string]string{}
			for _, name := range test.set {
				env[name] = "https://a-value.invalid"
			}
			stdout, stderr, err := runWith(t, env, "-user", testUser)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q...", err, test.want)
			}
			if stdout != "" || stderr != "" {
				t.Errorf("stdout %q, stderr %q: it ran against something", stdout, stderr)
			}
		})
	}
}

func TestBadFlags(t *testing.T) {
	fake := newFake(t)
	env := environmentOf(fake)
	for _, test := range []struct {
		args string
		want string
	}{
		{"", "-user is missing"},
		{"-nonsense", "not defined: -nonsense; see -h"},
		{"-user u extra", `unexpected argument "extra"`},
		{"-user u -page-size 201", "-page-size is 201; it must be 1 to 200"},
		{"-user u -page-size -1", "-page-size is -1; it must be 1 to 200"},
		{"-user u -page-size many", `invalid value "many" for flag -page-size`},
		{"-user u -support-until tomorrow", "a time looks like 2026-03-01T17:00:00Z"},
		{"-user u -support-extend -1h", "-support-extend is -1h0m0s; it must be above zero"},
		{"-user u -actions a,,b", "for flag -actions: one of the values is empty"},
		{"-user u -group g", "-group-type, -group and -item belong together"},
		{"-user u -group-type meter -group g", "-group-type, -group and -item belong together"},
		{"-user u -write", "-write needs to know what to change"},
	} {
		t.Run(test.args, func(t *testing.T) {
			stdout, stderr, err := runWith(t, env, strings.Fields(test.args)...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want ...%s...", err, test.want)
			}
			if stdout != "" || stderr != "" {
				t.Errorf("stdout %q, stderr %q, want neither", stdout, stderr)
			}
		})
	}
	if requests := fake.Requests(); len(requests) > 0 {
		t.Errorf("%d requests were sent", len(requests))
	}
}

func TestHelp(t *testing.T) {
	stdout, stderr, err := runWith(t, map[string]string{"M3TER_API_KEY": "alone"}, "-h")
	if err != nil || stderr != "" {
		t.Errorf("error %v, stderr %q, want neither", err, stderr)
	}
	for _, want := range []string{"Examples:", "M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_API_TOKEN", "M3TER_ORG_ID", "M3TER_BASE_URL",
		"\n  -user id", "\n  -page-size ", "\n  -write", "\n  -policy name", "\n  -actions ", "\n  -resources ",
		"\n  -support-until time", "\n  -support-extend duration", "\n  -group-type type", "\n  -group id", "\n  -item id"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help lacks %q:\n%s", want, stdout)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestTableThatCannotBeWritten(t *testing.T) {
	fake := newFake(t)
	env := environmentOf(fake)
	err := run(t.Context(), []string{"-user", testUser}, func(name string) string { return env[name] }, fullDisk{}, io.Discard)
	if err == nil || err.Error() != "the disk is full" {
		t.Errorf("the error is %v", err)
	}
}

// process makes the program a process of its own.
func process(t *testing.T, env map[string]string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd = exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "ACCESSREVIEW_MAIN=1") // TestMain has cleared the M3TER_ variables
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func TestProcess(t *testing.T) {
	t.Run("demo", func(t *testing.T) {
		cmd, stdout, stderr := process(t, nil)
		if err := cmd.Run(); err != nil || !strings.HasPrefix(stdout.String(), "POLICY ") || !strings.HasPrefix(stderr.String(), "No M3TER_ variable is set") {
			t.Errorf("error %v, stdout\n%sstderr\n%s", err, stdout, stderr)
		}
	})
	t.Run("error", func(t *testing.T) {
		fake := newFake(t)
		env := environmentOf(fake)
		env["M3TER_ORG_ID"], env["M3TER_BASE_URL"] = "a/b", "ftp://c" // NewClient joins two errors
		cmd, stdout, stderr := process(t, env, "-user", testUser)
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 || stdout.Len() > 0 {
			t.Errorf("exit status %d, stdout %q, want 1 and nothing", code, stdout)
		}
		const want = `accessreview: the M3TER_ variables: m3teraccess: WithOrganization is "a/b", `
		if line := stderr.String(); !strings.HasPrefix(line, want) || !strings.Contains(line, "WithBaseURL") || strings.Count(line, "\n") != 1 {
			t.Errorf("stderr is %q, want one line %s...", line, want)
		}
	})
	t.Run("interrupt", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("Windows can't send an interrupt")
		}
		arrived := make(chan struct{})
		silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client is gone
			close(arrived)
			<-r.Context().Done()
		}))
		defer silent.Close()
		cmd, stdout, stderr := process(t, map[string]string{
			"M3TER_API_TOKEN": "token", "M3TER_ORG_ID": "org", "M3TER_BASE_URL": silent.URL,
		}, "-user", testUser)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		select {
		case <-arrived:
		case err := <-exited:
			t.Fatalf("it ended before it asked for anything: %v, stderr\n%s", err, stderr)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		<-exited
		if code := cmd.ProcessState.ExitCode(); code != 1 || stdout.Len() > 0 {
			t.Errorf("exit status %d, stdout %q, want 1 and nothing", code, stdout)
		}
		if line := stderr.String(); !strings.Contains(line, "interrupt") || strings.Count(line, "\n") != 1 {
			t.Errorf("stderr is %q, want one line that speaks of the interrupt", line)
		}
	})
}

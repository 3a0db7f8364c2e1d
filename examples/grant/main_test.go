package main

import (
	"bufio"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

const isOpen = "Support access is open until "

// writeSupport acts as someone else who changes the end of support access. The fake keeps the statements.
func writeSupport(t *testing.T, fake *m3tertest.Server, end time.Time) {
	t.Helper()
	client, err := m3teraccess.NewClient(example.InMemory(fake)...)
	if err != nil {
		t.Fatal(err)
	}
	current, _ := fake.Support()
	_, err = client.RequestSupport(t.Context(), m3teraccess.SupportRequest{EndSupportUsersAccess: end, Version: current.Version})
	if err != nil {
		t.Fatal(err)
	}
}

// checkEnded fails if support access is open, ended more than a minute ago, or has another version.
func checkEnded(t *testing.T, fake *m3tertest.Server, version int64) {
	t.Helper()
	support, _ := fake.Support()
	if end := support.EndSupportUsersAccess; end.After(time.Now()) || end.Before(time.Now().Add(-time.Minute)) || support.Version != version {
		t.Errorf("support access ends at %s, version %d; it should have ended with version %d", end, support.Version, version)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel() // the test mostly waits
	p := exampletest.Run(t, nil, "-for", "1s")
	p.Check(0, "The time is up")
	if text := p.Err.String(); !strings.HasPrefix(text, "No M3TER_ variable is set") || !strings.Contains(text, isOpen) || p.Out.String() != "" {
		t.Errorf("stdout %q, stderr\n%s", p.Out, text)
	}
}

func TestTimeIsOver(t *testing.T) {
	t.Parallel() // the test mostly waits
	fake := exampletest.NewFake(t)
	begin := time.Now()
	p := exampletest.Run(t, exampletest.Environment(fake), "-for", "1s", "-actions", "config:retrieve, audit:retrieve", "-resources", "config:meter/*")
	p.Check(0, "The time is up")
	support, _ := fake.Support()
	if end := support.EndSupportUsersAccess; end.After(time.Now()) || end.Before(begin) {
		t.Errorf("support access ended at %v, the program ran from %v to %v", end, begin, time.Now())
	}
	if got, want := exampletest.Operations(fake), []string{"Token", "GetSupport", "RequestSupport", "GetSupport"}; !slices.Equal(got, want) {
		t.Errorf("the operations are %q, want %q", got, want)
	}
	statement := support.SupportUsersPermissionPolicy[0]
	if statement.Effect != "ALLOW" || !slices.Equal(statement.Action, []m3teraccess.Action{"CONFIG_RETRIEVE", "AUDIT_RETRIEVE"}) ||
		!slices.Equal(statement.Resource, []string{"config:meter/*"}) {
		t.Errorf("support users had the rights %+v", statement)
	}
}

func TestInterrupt(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	interrupts := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // a process inherits this
		interrupts = append(interrupts, syscall.SIGHUP)
	}
	for _, interrupt := range interrupts {
		t.Run(interrupt.String(), func(t *testing.T) {
			fake := exampletest.NewFake(t)
			p := exampletest.New(t, exampletest.Environment(fake), "-for", "1h")
			p.Begin()
			p.Err.WaitFor(t, isOpen)
			opened, _ := fake.Support()
			if left := time.Until(opened.EndSupportUsersAccess); left < 59*time.Minute || left > time.Hour+time.Second {
				t.Errorf("support access was opened for %v", left)
			}
			p.Interrupt(interrupt)
			p.End()
			p.Check(0, "Support access ended at ")
			checkEnded(t, fake, 2)
			if support, _ := fake.Support(); len(support.SupportUsersPermissionPolicy) != 0 {
				t.Errorf("support users keep %v", support.SupportUsersPermissionPolicy)
			}
		})
	}
}

// A second interrupt, which timeout(1) may send, does not stop the revocation.
func TestSecondInterrupt(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	fake := exampletest.NewFake(t)
	p := exampletest.New(t, exampletest.Environment(fake), "-for", "1h")
	p.Begin()
	p.Err.WaitFor(t, isOpen)
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		if r.Operation == "RequestSupport" {
			p.Interrupt(os.Interrupt)
			p.Interrupt(syscall.SIGTERM)
		}
		return m3tertest.Fault{}, false
	})
	p.Interrupt(os.Interrupt)
	p.End()
	p.Check(0, "Support access ended at ")
	checkEnded(t, fake, 2)
}

// The interrupt may end the reader of the messages too, as in grant 2>&1 | tee log.
func TestInterruptWithItsReader(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	fake := exampletest.NewFake(t)
	p := exampletest.New(t, exampletest.Environment(fake), "-for", "1h")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stderr = writer
	p.Begin()
	writer.Close()
	lines := bufio.NewScanner(reader)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), isOpen) {
	}
	if lines.Err() != nil || lines.Text() == "" {
		t.Fatalf("the program never printed %q, error %v", isOpen, lines.Err())
	}
	reader.Close()
	p.Interrupt(os.Interrupt)
	p.End()
	checkEnded(t, fake, 2)
}

func TestChangedBySomeoneElse(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	for _, test := range []struct {
		name   string
		end    time.Duration // from now
		status int
		last   string
	}{
		{"extended", 2 * time.Hour, 1, "grant: someone else has changed support access: it is open until "},
		{"shortened", time.Minute, 1, "grant: someone else has changed support access: it is open until "},
		{"ended", -time.Minute, 0, "Support access ended at "},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := exampletest.NewFake(t)
			p := exampletest.New(t, exampletest.Environment(fake), "-for", "1h")
			p.Begin()
			p.Err.WaitFor(t, isOpen)
			end := time.Now().Add(test.end).UTC().Truncate(time.Second)
			writeSupport(t, fake, end)
			p.Interrupt(os.Interrupt)
			p.End()
			p.Check(test.status, test.last+example.Clock(end))
			if support, _ := fake.Support(); !support.EndSupportUsersAccess.Equal(end) {
				t.Errorf("support access ends at %v, someone else had set %v", support.EndSupportUsersAccess, end)
			}
		})
	}
}

func TestOpenAlready(t *testing.T) {
	t.Parallel() // the test mostly waits
	fake := exampletest.NewFake(t)
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	writeSupport(t, fake, end)
	env := exampletest.Environment(fake)
	exampletest.Run(t, env, "-for", "1s").Check(1, "grant: support access was not opened: it is already open until "+example.Clock(end)+"; use -replace to replace it")
	if support, _ := fake.Support(); support.Version != 1 {
		t.Errorf("support access was changed to %+v", support)
	}
	exampletest.Run(t, env, "-for", "1s", "-replace").Check(0, "The time is up")
	checkEnded(t, fake, 2)
}

func TestBadInput(t *testing.T) {
	exampletest.CheckBadArgs(t, map[string]string{
		"":                                "grant: -for is missing; give it the duration of the access, such as 30m\n",
		"-for soon":                       `grant: invalid value "soon" for flag -for`,
		"-for 0":                          "grant: -for is 0; it must be above zero\n",
		"-for 1h -actions ''":             `grant: invalid value "" for flag -actions: one of the values is empty`,
		"-for 1h -resources ''":           `grant: invalid value "" for flag -resources: one of the values is empty`,
		"-for 999ms":                      "grant: -for is 999ms; it must be at least 1s\n",
		"-for -1h":                        "grant: -for is -1h0m0s; it must be at least 1s\n",
		"-for 1h -actions config:create,": `grant: invalid value "config:create," for flag -actions: one of the values is empty`,
		"-for 1h later":                   `grant: unexpected argument "later"; see -h`,
		"-nonsense":                       "grant: flag provided but not defined: -nonsense; see -h\n",
	})
	// The client refuses this action, and these settings.
	exampletest.Run(t, exampletest.Environment(exampletest.NewFake(t)), "-for", "1h", "-actions", "CONFIG_RETRIEVE").
		Check(1, `grant: support access was not opened: m3teraccess: SupportUsersPermissionPolicy[0].Action[0] must be in lower case: "config:retrieve"`)
	exampletest.Run(t, map[string]string{"M3TER_API_KEY": "alone"}, "-for", "1h").
		CheckOnlyLine("grant: m3teraccess: M3TER_API_SECRET must be set together with M3TER_API_KEY")
}

func TestHelp(t *testing.T) {
	exampletest.CheckHelp(t, "\n  -for duration", "\n  -actions actions", "\n  -resources resources", "\n  -replace")
}

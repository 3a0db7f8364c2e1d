package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// pipe returns a pipe, and closes both ends when the test ends.
func pipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		reader.Close()
		writer.Close()
	})
	return reader, writer
}

// The audit runs in real time at m3ter's rate limit. TestTwoThousand measures the time.
func TestAtTheLimit(t *testing.T) {
	t.Parallel() // the test mostly waits
	fake := exampletest.NewFake(t, m3tertest.WithRateLimit(50))
	begin := time.Now()
	p := start(t, fake, addUsers(fake, 200))
	p.End()
	p.Check(0, "audit: users done: 200, failed: 0 in ")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the audit took %v, ideally 4s", took)
	}
	if found := users(t, p.Out.String()); len(found) != 200 {
		t.Errorf("stdout has %d users", len(found))
	}
}

// The audit fetches and reports a user before it knows the next user.
func TestStream(t *testing.T) {
	fake := exampletest.NewFake(t)
	addUsers(fake, 3)
	stdin, input := pipe(t)
	p := exampletest.New(t, exampletest.Environment(fake), "-users", "-")
	p.Stdin = stdin
	p.Begin()
	for i := range 3 {
		fmt.Fprintf(input, "user-%d\n", i)
		p.Out.WaitFor(t, fmt.Sprintf(`{"user":"user-%d",`, i))
	}
	input.Close()
	p.End()
	p.Check(0, "audit: users done: 3, failed: 0 in ")
}

// After an interrupt, the program exits soon, whatever it was waiting for. The output has only whole lines.
func TestInterrupt(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	for _, test := range []struct {
		name  string
		begin func(t *testing.T, fake *m3tertest.Server, p *exampletest.Program)
	}{
		{"fetching users", func(t *testing.T, fake *m3tertest.Server, p *exampletest.Program) {
			p.Stdin = strings.NewReader(addUsers(fake, 2000))
			p.Begin()
			p.Out.WaitFor(t, "\n")
		}},
		{"waiting for a response", func(t *testing.T, fake *m3tertest.Server, p *exampletest.Program) {
			asked := exampletest.Silence(fake, "UserPermissions")
			p.Stdin = strings.NewReader(addUsers(fake, 2000))
			p.Begin()
			<-asked
		}},
		{"waiting for input", func(t *testing.T, fake *m3tertest.Server, p *exampletest.Program) {
			stdin, input := pipe(t)
			p.Stdin = stdin
			p.Begin()
			fmt.Fprint(input, addUsers(fake, 1))
			p.Out.WaitFor(t, "\n")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := exampletest.NewFake(t)
			p := exampletest.New(t, exampletest.Environment(fake), "-users", "-")
			test.begin(t, fake, p)
			interrupted := time.Now()
			p.Interrupt(os.Interrupt)
			p.End()
			if took := time.Since(interrupted); took > time.Second {
				t.Errorf("the program exited after %v", took)
			}
			found := users(t, p.Out.String())
			p.Check(1, fmt.Sprintf("audit: interrupted: users done: %d, failed: 0, other users skipped: ", len(found)))
		})
	}
}

// The reader of the output exits, as in audit | head -1.
func TestReaderLeaves(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	fake := exampletest.NewFake(t)
	stdout, output := pipe(t)
	p := exampletest.New(t, exampletest.Environment(fake), "-users", "-")
	p.Stdin, p.Stdout = strings.NewReader(addUsers(fake, 2000)), output
	p.Begin()
	output.Close()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	p.End()
	p.Check(1, "audit: ")
	if line := p.Err.String(); !strings.HasSuffix(line, ": write /dev/stdout: broken pipe\n") || strings.Count(line, "\n") != 1 {
		t.Errorf("stderr\n%s", line)
	}
}

// The reader of the output does not read, so a write blocks.
func TestReaderStalls(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	fake := exampletest.NewFake(t)
	policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Too long for a pipe", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.ConfigRetrieve).On(strings.Repeat("x", 1<<20)),
	}})
	fake.AddUser("user")
	fake.GrantPolicy(policy.ID, "user")
	_, output := pipe(t)
	p := exampletest.New(t, exampletest.Environment(fake), "-users", "-", "-parallel", "1")
	fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Times: 1})
	asked := exampletest.Silence(fake, "UserPermissions") // the request for the second user, while the audit writes the line of the first user
	p.Stdin, p.Stdout = strings.NewReader(strings.Repeat("user\n", 10)), output
	p.Begin()
	<-asked
	interrupted := time.Now()
	p.Interrupt(os.Interrupt)
	p.End()
	p.Check(1, "audit: interrupted while a write to the output was blocked; the last line may be incomplete\n")
	if took := time.Since(interrupted); took > time.Second {
		t.Errorf("the program exited after %v", took)
	}
}

func TestInputThatCannotBeRead(t *testing.T) {
	fake := exampletest.NewFake(t)
	directory, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	p := exampletest.New(t, exampletest.Environment(fake), "-users", "-")
	p.Stdin = directory
	p.Begin()
	p.End()
	p.Check(1, "audit: users done: 0, failed: 1\n")
	if !strings.HasPrefix(p.Err.String(), "audit: line 1: read ") {
		t.Errorf("stderr\n%s", p.Err)
	}
}

// At a terminal, the program asks the user for the ids.
func TestTypedInput(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	terminal, err := os.Open("/dev/ptmx")
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	p := exampletest.New(t, exampletest.Environment(exampletest.NewFake(t)), "-users", "-")
	p.Stdin = terminal
	p.Begin()
	p.Err.WaitFor(t, "Type the ids of users, one per line; end the list with Ctrl-D.\n")
	p.Interrupt(os.Interrupt)
	p.End()
	p.Check(1, "audit: interrupted: ")
}

package exampletest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// A Program is an example in its own process.
type Program struct {
	*exec.Cmd
	Out, Err *Output // stdout and stderr of the process, unless the test sets Stdout or Stderr

	t     *testing.T
	ended chan struct{}
}

// New returns a process of the example, but does not start it. Without an environment, the example runs its demo.
func New(t *testing.T, environment map[string]string, args ...string) *Program {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &Program{Cmd: exec.CommandContext(t.Context(), path, args...), Out: newOutput(), Err: newOutput(), t: t, ended: make(chan struct{})}
	// Main has cleared the M3TER_ variables. GORACE keeps the race detector from sleeping for a second at exit.
	p.Env = append(os.Environ(), isProgram+"=1", "GORACE=atexit_sleep_ms=0")
	for name, value := range environment {
		p.Env = append(p.Env, name+"="+value)
	}
	p.Stdout, p.Stderr = p.Out, p.Err
	return p
}

// Run starts a process of the example, and waits until it exits.
func Run(t *testing.T, environment map[string]string, args ...string) *Program {
	t.Helper()
	p := New(t, environment, args...)
	p.Begin()
	p.End()
	return p
}

// Begin starts the process.
func (p *Program) Begin() {
	p.t.Helper()
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		var status *exec.ExitError
		if err := p.Wait(); err != nil && !errors.As(err, &status) {
			p.t.Error(err)
		}
		p.Out.end()
		p.Err.end()
	}()
}

// End waits until the process exits, with any status.
func (p *Program) End() { <-p.ended }

// Interrupt sends a signal to the process.
func (p *Program) Interrupt(signal os.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// Check fails unless the process exited with status, and the last line on stderr begins with last.
func (p *Program) Check(status int, last string) {
	p.t.Helper()
	lines := strings.SplitAfter(p.Err.String(), "\n")
	line := lines[max(0, len(lines)-2)]
	if got := p.ProcessState.ExitCode(); got != status || !strings.HasPrefix(line, last) {
		p.t.Errorf("exit status %d, want %d; the last line on stderr should begin with %q:\n%s", got, status, last, p.Err)
	}
}

// An Output collects the output of a process.
type Output struct {
	mu      sync.Mutex
	changed *sync.Cond
	text    strings.Builder
	ended   bool
}

func newOutput() *Output {
	o := new(Output)
	o.changed = sync.NewCond(&o.mu)
	return o
}

func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.changed.Broadcast()
	return o.text.Write(b)
}

func (o *Output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.changed.Broadcast()
	o.ended = true
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// WaitFor waits until the process has written text, and fails if the process ends without writing text.
func (o *Output) WaitFor(t *testing.T, text string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for !strings.Contains(o.text.String(), text) {
		if o.ended {
			t.Fatalf("the process ended without writing %q:\n%s", text, o.text.String())
		}
		o.changed.Wait()
	}
}

package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// inBubble runs a test in a bubble, with a fake that accepts 50 requests a second and takes 300 ms for each.
func inBubble(t *testing.T, test func(*testing.T, *m3tertest.Server, *m3teraccess.Client)) {
	synctest.Test(t, func(t *testing.T) {
		fake := m3tertest.NewServer(m3tertest.InMemory(), m3tertest.WithRateLimit(50))
		defer fake.Close()
		fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Delay: 300 * time.Millisecond})
		client, err := m3teraccess.NewClient(append(example.InMemory(fake), m3teraccess.WithHTTPClient(fake.Client()))...)
		if err != nil {
			t.Fatal(err)
		}
		test(t, fake, client)
	})
}

func TestTwoThousand(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		const n = 2000
		const ideal = n / 50 * time.Second
		var output strings.Builder
		a := &audit{client: client, parallel: defaultParallel, display: &display{output: &output, messages: io.Discard}}
		begin := time.Now()
		if err := a.run(t.Context(), readUsers(strings.NewReader(addUsers(fake, n)))); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > ideal*110/100 {
			t.Errorf("the audit took %v, ideally %v", took, ideal)
		}
		if found := users(t, output.String()); len(found) != n {
			t.Errorf("the output has %d users, want %d", len(found), n)
		}
	})
}

// The interrupt comes while the audit writes a line. When the write returns, the workers have stopped.
func TestInterruptWhileWriting(t *testing.T) {
	for range 20 { // select chooses at random between ready cases
		inBubble(t, func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
			ctx, interrupt := context.WithCancel(t.Context())
			var messages strings.Builder
			a := &audit{client: client, parallel: 3, display: &display{messages: &messages, output: writerFunc(func(line []byte) (int, error) {
				interrupt()
				synctest.Wait()
				return len(line), nil
			})}}
			err := a.run(ctx, readUsers(strings.NewReader(addUsers(fake, 20))))
			if !errors.Is(err, context.Canceled) || messages.String() != "" {
				t.Fatalf("error %v, messages\n%s", err, &messages)
			}
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// The output, the messages and the progress share a terminal.
func TestTerminal(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		var terminal, output strings.Builder
		a := &audit{client: client, parallel: 3, display: &display{output: io.MultiWriter(&terminal, &output), messages: &terminal, showsProgress: true}}
		err := a.run(t.Context(), readUsers(strings.NewReader("unknown\n"+addUsers(fake, 20))))
		if err == nil || err.Error() != "users done: 20, failed: 1" {
			t.Error(err)
		}
		for _, progress := range []string{"users done: 0, failed: 0, 0s", "users done: 5, failed: 1, 1s", "users done: 17, failed: 1, 2s"} {
			if !strings.Contains(terminal.String(), "\r"+progress) {
				t.Errorf("the terminal never showed %q", progress)
			}
		}
		screen := visible(terminal.String())
		want := strings.Split(output.String(), "\n") // the last line is empty
		i := slices.IndexFunc(screen, func(line string) bool { return strings.HasPrefix(line, `audit: line 1: user "unknown": `) })
		if i < 0 || !slices.Equal(slices.Delete(slices.Clone(screen), i, i+1), want) {
			t.Errorf("the terminal shows\n%s\nthe output is\n%s", strings.Join(screen, "\n"), output.String())
		}
	})
}

// visible returns the lines that a terminal shows after a text was written to it.
func visible(written string) (lines []string) {
	for row := range strings.SplitSeq(written, "\n") {
		var line []rune
		for part := range strings.SplitSeq(row, "\r") { // a part overwrites the line from the left
			line = append([]rune(part), line[min(len(line), len([]rune(part))):]...)
		}
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return lines
}

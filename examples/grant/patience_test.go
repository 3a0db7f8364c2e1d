package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// An interrupt that comes after a minute meets a service in trouble. The clock is that of the bubble.
func TestRevokingIsPatient(t *testing.T) {
	const most = 15 * time.Second
	for _, test := range []struct {
		name    string
		fault   m3tertest.Fault
		revoked bool
		least   time.Duration // how long the revoking takes
	}{
		{"answer lost", m3tertest.Fault{Operation: "RequestSupport", Times: 1, Break: m3tertest.DropAnswer}, true, time.Second},
		{"request lost", m3tertest.Fault{Operation: "RequestSupport", Times: 3, Break: m3tertest.DropAfterBody}, true, 3 * time.Second},
		{"reads fail", m3tertest.Fault{Operation: "GetSupport", Times: 5, Status: 503}, true, 0},
		{"writes fail for good", m3tertest.Fault{Operation: "RequestSupport", Status: 503}, false, most - time.Second},
		{"silence", m3tertest.Fault{Operation: "GetSupport", Delay: time.Hour}, false, most},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, said *strings.Builder) {
				begin := time.Now()
				err := g.run(interrupted(t, time.Minute, fake, test.fault), grantFor(time.Hour))
				took := time.Since(begin) - time.Minute
				if took < test.least || took > most {
					t.Errorf("revoking took %v, want %v to %v", took, test.least, most)
				}
				support, _ := fake.Support()
				if ended := !support.EndSupportUsersAccess.After(begin.Add(time.Minute)); ended != test.revoked || ended != (err == nil) {
					t.Errorf("error %v, support access ends at %v; it said\n%s", err, support.EndSupportUsersAccess, said)
				}
				if err != nil && !strings.HasPrefix(err.Error(), "SUPPORT ACCESS STAYS OPEN until "+example.Clock(begin.Add(time.Hour))) {
					t.Error(err)
				}
			})
		})
	}
}

// The time runs out while the program is still trying to revoke the access.
func TestTimeIsOverWhileRevoking(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, said *strings.Builder) {
		begin := time.Now()
		err := g.run(interrupted(t, time.Second, fake, m3tertest.Fault{Operation: "RequestSupport", Status: 503}), grantFor(5*time.Second))
		want := "Support access ended at " + example.Clock(begin.Add(5*time.Second)) + ", version 1."
		if err != nil || !strings.Contains(said.String(), "\n"+want) {
			t.Errorf("error %v; it said\n%s", err, said)
		}
	})
}

// The end is a whole second, and lies no earlier than was asked for.
func TestWholeSeconds(t *testing.T) {
	for _, fraction := range []time.Duration{0, time.Nanosecond, 880 * time.Millisecond} {
		inBubble(t, func(t *testing.T, _ *m3tertest.Server, g *grant, _ *strings.Builder) {
			time.Sleep(fraction)
			begin := time.Now()
			err := g.run(t.Context(), grantFor(time.Second))
			if took := time.Since(begin); err != nil || took < time.Second || took >= 2*time.Second || time.Now().Nanosecond() != 0 {
				t.Errorf("begun %v into a second: error %v after %v", fraction, err, took)
			}
		})
	}
}

// The service may open support access for a shorter time than it was asked for.
func TestServiceHasTheLastWord(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, _ *strings.Builder) {
		begin := time.Now()
		body := fmt.Sprintf(`{"id": "s", "version": 1, "dtEndSupportUsersAccess": %q}`, example.Clock(begin.Add(time.Minute)))
		fake.Inject(m3tertest.Fault{Operation: "RequestSupport", Status: 200, Body: body})
		err := g.run(t.Context(), grantFor(time.Hour))
		if took := time.Since(begin); err != nil || took != time.Minute {
			t.Errorf("error %v after %v", err, took)
		}
	})
}

func grantFor(d time.Duration) *options {
	return &options{duration: d, actions: []m3teraccess.Action{m3teraccess.All}, resources: []string{"*"}}
}

// interrupted returns a context that ends after a time, when a fault begins.
func interrupted(t *testing.T, after time.Duration, fake *m3tertest.Server, fault m3tertest.Fault) context.Context {
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(after, func() {
		fake.Inject(fault)
		interrupt()
	})
	return ctx
}

// inBubble runs a test of a grant by the clock of a bubble, against a fake in memory.
func inBubble(t *testing.T, test func(t *testing.T, fake *m3tertest.Server, g *grant, said *strings.Builder), opts ...m3tertest.Option) {
	synctest.Test(t, func(t *testing.T) {
		fake := m3tertest.NewServer(append(opts, m3tertest.InMemory())...)
		defer fake.Close()
		opts := append(example.InMemory(fake), m3teraccess.WithHTTPClient(fake.Client()))
		client, err := m3teraccess.NewClient(append(opts, clientOptions...)...)
		if err != nil {
			t.Fatal(err)
		}
		said := new(strings.Builder)
		g := &grant{client: client, say: func(format string, args ...any) { fmt.Fprintf(said, format+"\n", args...) }}
		test(t, fake, g, said)
	})
}

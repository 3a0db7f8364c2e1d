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

// The interrupt comes after a minute. m3ter then fails, for a while or for good. The test uses the clock of the bubble.
func TestRevokingIsPatient(t *testing.T) {
	const maxTime = 15 * time.Second
	for _, test := range []struct {
		name    string
		fault   m3tertest.Fault
		revoked bool
		minTime time.Duration // the minimum time of the revocation
	}{
		{"response lost", m3tertest.Fault{Operation: "RequestSupport", Times: 1, Break: m3tertest.DropAnswer}, true, time.Second},
		{"request lost", m3tertest.Fault{Operation: "RequestSupport", Times: 3, Break: m3tertest.DropAfterBody}, true, 3 * time.Second},
		{"reads fail", m3tertest.Fault{Operation: "GetSupport", Times: 5, Status: 503}, true, 0},
		{"writes fail for good", m3tertest.Fault{Operation: "RequestSupport", Status: 503}, false, maxTime - time.Second},
		{"silence", m3tertest.Fault{Operation: "GetSupport", Delay: time.Hour}, false, maxTime},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder) {
				begin := time.Now()
				err := g.run(interrupted(t, time.Minute, fake, test.fault), grantFor(time.Hour))
				took := time.Since(begin) - time.Minute
				if took < test.minTime || took > maxTime {
					t.Errorf("the revocation took %v, want %v to %v", took, test.minTime, maxTime)
				}
				support, _ := fake.Support()
				if ended := !support.EndSupportUsersAccess.After(begin.Add(time.Minute)); ended != test.revoked || ended != (err == nil) {
					t.Errorf("error %v, support access ends at %v; log\n%s", err, support.EndSupportUsersAccess, log)
				}
				if err != nil && !strings.HasPrefix(err.Error(), "SUPPORT ACCESS STAYS OPEN until "+example.Clock(begin.Add(time.Hour))) {
					t.Error(err)
				}
			})
		})
	}
}

// The access ends on time while the program is still failing to revoke it.
func TestTimeIsOverWhileRevoking(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder) {
		begin := time.Now()
		err := g.run(interrupted(t, time.Second, fake, m3tertest.Fault{Operation: "RequestSupport", Status: 503}), grantFor(5*time.Second))
		want := "Support access ended at " + example.Clock(begin.Add(5*time.Second)) + ", version 1."
		if err != nil || !strings.Contains(log.String(), "\n"+want) {
			t.Errorf("error %v; log\n%s", err, log)
		}
	})
}

// The end falls on a whole second, and is not earlier than requested.
func TestWholeSeconds(t *testing.T) {
	for _, fraction := range []time.Duration{0, time.Nanosecond, 880 * time.Millisecond} {
		inBubble(t, func(t *testing.T, _ *m3tertest.Server, g *grant, _ *strings.Builder) {
			time.Sleep(fraction)
			begin := time.Now()
			err := g.run(t.Context(), grantFor(time.Second))
			if took := time.Since(begin); err != nil || took < time.Second || took >= 2*time.Second || time.Now().Nanosecond() != 0 {
				t.Errorf("start %v after a whole second: error %v after %v", fraction, err, took)
			}
		})
	}
}

// m3ter may open support access for less time than requested.
func TestShorterThanRequested(t *testing.T) {
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

// interrupted returns a context that is canceled after the given time. Just before, the fault is injected.
func interrupted(t *testing.T, after time.Duration, fake *m3tertest.Server, fault m3tertest.Fault) context.Context {
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(after, func() {
		fake.Inject(fault)
		interrupt()
	})
	return ctx
}

// inBubble runs a test of a grant in a bubble, with a fake in memory.
func inBubble(t *testing.T, test func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder), opts ...m3tertest.Option) {
	synctest.Test(t, func(t *testing.T) {
		fake := m3tertest.NewServer(append(opts, m3tertest.InMemory())...)
		defer fake.Close()
		opts := append(example.InMemory(fake), m3teraccess.WithHTTPClient(fake.Client()))
		client, err := m3teraccess.NewClient(append(opts, clientOptions...)...)
		if err != nil {
			t.Fatal(err)
		}
		log := new(strings.Builder)
		g := &grant{client: client, logf: func(format string, args ...any) { fmt.Fprintf(log, format+"\n", args...) }}
		test(t, fake, g, log)
	})
}

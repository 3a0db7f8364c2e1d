package m3teraccess

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// newPaced makes a client that sends nothing in these tests.
func newPaced(t *testing.T, opts ...Option) *Client {
	t.Helper()
	client, err := NewClient(append(opts, WithCredentials("key", "secret"), WithOrganization("org"), WithBaseURL("https://m3ter.test"))...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestOnePaceAnOrganization(t *testing.T) {
	client := newPaced(t)
	first, second, other := client.Organization("a"), client.Organization("a"), client.Organization("b")
	if first.pace != second.pace {
		t.Error("two clients of an organization have two paces")
	}
	if first.pace.slots == other.pace.slots {
		t.Error("two organizations share the default limiter")
	}
	given := newPaced(t, WithLimiter(unlimited{}))
	if given.pace.slots != given.Organization("b").pace.slots {
		t.Error("the limiter of WithLimiter does not serve all organizations")
	}
	if given.pace == given.Organization("b").pace {
		t.Error("a 429 of one organization would hold the other back")
	}
	runtime.KeepAlive(second)
}

// A client that is made while another one of its organization is held goes on at its pace, however long both were idle; and
// where none is held, at that of the last second.
func TestPaceOutlivesIdleness(t *testing.T) {
	client := newPaced(t)
	held := client.Organization("held")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		runtime.GC()
		if client.Organization("held").pace != held.pace {
			t.Error("the pace of a client that is held was forgotten")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		grants(t, windowGrants, client.Organization("dropped").pace.wait)
		runtime.GC()
		if at := grants(t, 1, client.Organization("dropped").pace.wait); at[0] < windowLength {
			t.Errorf("the grant after a full window came after %v", at[0])
		}
	})
	synctest.Test(t, func(t *testing.T) {
		client.Organization("refused").pace.hold(5 * time.Second)
		runtime.GC()
		if at := grants(t, 1, client.Organization("refused").pace.wait); at[0] < 5*time.Second {
			t.Errorf("left %v after a hold-back of 5 s", at[0])
		}
	})
}

// Each of 200,000 organizations is forgotten, and so is each id that no call would take.
func TestIdleOrganizationsAreForgotten(t *testing.T) {
	client := newPaced(t)
	before := heapInUse()
	for i := range 200_000 {
		client.Organization(fmt.Sprint("org-", i))
	}
	for range 100 {
		client.Organization(strings.Repeat("x", 1<<20) + "/")
	}
	for range 10 { // the cleanups run in a goroutine of the runtime
		if heapInUse()-before < 4<<20 {
			return
		}
	}
	t.Errorf("%d bytes are kept", heapInUse()-before)
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// A holdable limiter is told of hold-backs.
type holdable struct{ held []time.Duration }

func (*holdable) Wait(context.Context) error { return nil }
func (h *holdable) HoldBack(d time.Duration) { h.held = append(h.held, d) }

func TestOrganizationLimiter(t *testing.T) {
	limiters := make(map[string]*holdable)
	asked := 0
	var client *Client
	client = newPaced(t, WithOrganizationLimiter(func(orgID string) Limiter {
		asked++
		if orgID == "without" {
			client.Organization("org") // as a function that knows the client may
			return nil
		}
		limiters[orgID] = new(holdable)
		return limiters[orgID]
	}))
	first, again, other := client.Organization("a"), client.Organization("a"), client.Organization("b")
	if asked != 3 { // org, a and b
		t.Errorf("asked %d times", asked)
	}
	again.pace.hold(time.Second)
	if len(limiters["a"].held) != 1 || limiters["a"].held[0] != time.Second || len(limiters["b"].held) != 0 {
		t.Errorf("told of %v and %v", limiters["a"].held, limiters["b"].held)
	}
	if _, ok := client.Organization("without").pace.slots.(*slidingWindow); !ok {
		t.Error("a nil limiter is not the default one")
	}
	runtime.KeepAlive(first)
	runtime.KeepAlive(other)
}

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

// The clients of an organization share a rate limit, which includes the last second of clients that no longer exist.
func TestPaceOutlivesIdleness(t *testing.T) {
	client := newScripted(t, &script{})
	held := client.Organization("held")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		runtime.GC()
		if client.Organization("held").pace != held.pace {
			t.Error("the rate limit of a client is forgotten")
		}
		grants(t, windowGrants, client.Organization("dropped").pace.wait)
		client.Organization("refused").pace.hold(5 * time.Second)
		runtime.GC()
		waits(t, client.Organization("another").pace.wait, 0)
		waits(t, client.Organization("dropped").pace.wait, windowLength)
		waits(t, client.Organization("refused").pace.wait, 5*time.Second-windowLength)
	})
}

// The limiter of WithLimiter serves all organizations. A hold-back of one organization does not delay another.
func TestLimiterOfAllOrganizations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		granted := 0
		client := newScripted(t, &script{}, WithLimiter(limiterFunc(func(ctx context.Context) error {
			granted++
			return ctx.Err()
		})))
		held, other := client.Organization("held"), client.Organization("other")
		held.pace.hold(5 * time.Second)
		waits(t, other.pace.wait, 0)
		waits(t, held.pace.wait, 5*time.Second)
		if granted != 2 {
			t.Errorf("the limiter granted %d of 2 requests", granted)
		}
	})
}

// The client forgets each of 200,000 organizations, and each invalid id.
func TestIdleOrganizationsAreForgotten(t *testing.T) {
	client := newScripted(t, &script{})
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
	t.Errorf("the client keeps %d bytes", heapInUse()-before)
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

type holdable struct{ held []time.Duration }

func (*holdable) Wait(context.Context) error { return nil }
func (h *holdable) HoldBack(d time.Duration) { h.held = append(h.held, d) }

func TestOrganizationLimiter(t *testing.T) {
	limiters := make(map[string]*holdable)
	asked := 0
	var client *Client
	client = newScripted(t, &script{}, WithOrganizationLimiter(func(orgID string) Limiter {
		asked++
		if orgID == "without" {
			client.Organization("org") // the function may use the client
			return nil
		}
		limiters[orgID] = new(holdable)
		return limiters[orgID]
	}))
	first, second, other := client.Organization("a"), client.Organization("a"), client.Organization("b")
	if asked != 3 { // for org, a and b
		t.Errorf("asked %d times", asked)
	}
	second.pace.hold(time.Second)
	if len(limiters["a"].held) != 1 || limiters["a"].held[0] != time.Second || len(limiters["b"].held) != 0 {
		t.Errorf("told of %v and %v", limiters["a"].held, limiters["b"].held)
	}
	if _, ok := client.Organization("without").pace.slots.(*slidingWindow); !ok {
		t.Error("a nil limiter is not the default one")
	}
	runtime.KeepAlive(first)
	runtime.KeepAlive(other)
}

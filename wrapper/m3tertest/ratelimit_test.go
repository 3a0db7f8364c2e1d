package m3tertest_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithRateLimit(3))
		accepted := func() { t.Helper(); c.do("GET", "/support", "").refused(404, "support") }
		refused := func() { t.Helper(); c.do("GET", "/support", "").refused(429, "3 requests") }

		accepted() // at 0
		time.Sleep(time.Second / 2)
		accepted()
		accepted()
		time.Sleep(time.Second/2 - time.Nanosecond)
		refused()
		refused() // the refused ones don't count
		time.Sleep(time.Nanosecond)
		accepted() // at 1 s, when the first is a second old
		refused()
		time.Sleep(time.Second/2 - time.Nanosecond)
		refused()
		time.Sleep(time.Nanosecond)
		accepted()
		accepted()
		refused()
		time.Sleep(time.Hour)
		for range 3 {
			accepted()
		}
		refused()
	})
}

func TestRateLimitRefusesBeforeAnythingIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithRateLimit(1))
		c.call(gen.CreatePermissionPolicy.Operation, policyBody).into(200, new(any))
		a := c.call(gen.CreatePermissionPolicy.Operation, policyBody)
		a.refused(429, "")
		if _, sent := a.header["Retry-After"]; sent {
			t.Error("a Retry-After")
		}
		if got := c.last(); got.Status != 429 || got.Applied {
			t.Errorf("recorded %+v", got)
		}
		c.header.Del("Authorization")
		c.call(gen.CreatePermissionPolicy.Operation, "").refused(429, "")
	})
}

func TestWhatTheRateLimitCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithRateLimit(1))
		// These don't count.
		c.authenticate()
		c.doAt("GET", "/organizations/other/support", "").refused(403, "other")
		c.fake.Inject(m3tertest.Fault{Times: 1, Status: 503})
		c.do("GET", "/support", "").refused(503, "")
		// Each of these does.
		for _, count := range []func(){
			func() { c.do("GET", "/nothing", "").refused(404, "") },
			func() { c.fake.RevokeTokens(); c.do("GET", "/support", "").refused(403, "revoked") },
			func() {
				c.fake.Inject(m3tertest.Fault{Times: 1, Break: m3tertest.DropAnswer})
				_, _ = c.attempt(c.request("POST", "/organizations/"+c.fake.OrganizationID+"/support", nil))
			},
		} {
			count()
			c.do("GET", "/support", "").refused(429, "")
			time.Sleep(time.Second)
		}
	})
}

func TestRateLimitOfNone(t *testing.T) {
	c := inMemory(t, m3tertest.WithRateLimit(0))
	c.do("GET", "/support", "").refused(429, "")
}

// An option may serve several servers; each has a limit of its own.
func TestRateLimitIsPerServer(t *testing.T) {
	limit := m3tertest.WithRateLimit(1)
	for range 2 {
		inMemory(t, limit).do("GET", "/support", "").refused(404, "")
	}
}

func TestRateLimitUnderConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithRateLimit(50))
		var group sync.WaitGroup
		for range 200 {
			group.Go(func() { c.do("GET", "/support", "") })
		}
		group.Wait()
		statuses := make(map[int]int)
		for _, r := range c.fake.Requests() {
			statuses[r.Status]++
		}
		if got, want := fmt.Sprint(statuses), "map[200:1 404:50 429:150]"; got != want {
			t.Errorf("statuses %s, want %s", got, want)
		}
	})
}

package m3tertest_test

import (
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
		refused() // a refused request doesn't count
		time.Sleep(time.Nanosecond)
		accepted() // at 1 second, when the first request is a second old
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
	c := inMemory(t, m3tertest.WithRateLimit(0))
	a := c.call(gen.CreatePermissionPolicy.Operation, policyBody)
	a.refused(429, "")
	if got := c.last(); a.header["Retry-After"] != nil || got.Status != 429 || got.Applied {
		t.Errorf("header %v, recorded %+v", a.header, got)
	}
	c.header.Del("Authorization")
	c.call(gen.CreatePermissionPolicy.Operation, "").refused(429, "")
}

func TestWhatTheRateLimitCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithRateLimit(1))
		// These requests don't count.
		c.authenticate()
		c.doAt("GET", "/organizations/other/support", "").refused(403, "other")
		c.fake.Inject(m3tertest.Fault{Times: 1, Status: 503})
		c.do("GET", "/support", "").refused(503, "")
		// Each of these requests counts.
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

// Each server of an option has a rate limit of its own.
func TestRateLimitIsPerServer(t *testing.T) {
	limit := m3tertest.WithRateLimit(1)
	for range 2 {
		inMemory(t, limit).do("GET", "/support", "").refused(404, "")
	}
}

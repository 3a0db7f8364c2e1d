package m3tertest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A request counts for one second. A refused request doesn't count.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithRateLimit(3))
		for i, step := range []struct {
			after    time.Duration
			statuses []int
		}{
			{0, []int{404}},
			{time.Second / 2, []int{404, 404}},
			{time.Second/2 - time.Nanosecond, []int{429, 429}},
			{time.Nanosecond, []int{404, 429}},
			{time.Second/2 - time.Nanosecond, []int{429}},
			{time.Nanosecond, []int{404, 404, 429}},
			{time.Hour, []int{404, 404, 404, 429}},
		} {
			time.Sleep(step.after)
			for _, want := range step.statuses {
				if a := c.do("GET", "/support", ""); a.status != want {
					t.Errorf("step %d: status %d, want %d", i, a.status, want)
				}
			}
		}
	})
}

func TestRateLimitRefusesBeforeAnythingIsDone(t *testing.T) {
	c := inMemory(t, m3tertest.WithRateLimit(0))
	a := c.call(gen.CreatePermissionPolicy.Operation, policyBody)
	a.refused(429, "the rate limit of 0 requests per second is exceeded")
	if got := c.last(); a.header["Retry-After"] != nil || got.Status != 429 || got.Applied {
		t.Errorf("header %v, recorded %+v", a.header, got)
	}
	c.header.Del("Authorization")
	c.call(gen.CreatePermissionPolicy.Operation, "").refused(429, "")
}

func TestWhatTheRateLimitCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithRateLimit(1))
		// These requests don't count:
		c.authenticate()
		c.doAt("GET", "/organizations/other/support", "").refused(403, "other")
		c.fake.Inject(m3tertest.Fault{Times: 1, Status: 503})
		c.do("GET", "/support", "").refused(503, "")
		// These requests count:
		for _, count := range []func(){
			func() { c.do("GET", "/nothing", "").refused(404, "") },
			func() { c.fake.RevokeTokens(); c.do("GET", "/support", "").refused(403, "revoked") },
			func() {
				c.fake.Inject(m3tertest.Fault{Times: 1, Break: m3tertest.DropAnswer})
				_, _ = c.attempt(c.request("POST", c.path(gen.RequestSupport.Operation), ""))
			},
		} {
			count()
			c.do("GET", "/support", "").refused(429, "")
			time.Sleep(time.Second)
		}
	})
}

// Servers with the same option have separate rate limits.
func TestRateLimitIsPerServer(t *testing.T) {
	limit := m3tertest.WithRateLimit(1)
	for range 2 {
		inMemory(t, limit).do("GET", "/support", "").refused(404, "")
	}
}

package m3tertest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// Answers to which net/http gives no body, by method and scripted status; 0 is the real answer.
var withoutBody = []struct {
	method string
	status int
}{{"PUT", 204}, {"GET", 304}, {"HEAD", 0}, {"HEAD", 503}, {"HEAD", 204}}

// A cut is a failure to the client also where there is no body to cut, and a write that was carried out stays so.
func TestCutWithoutBody(t *testing.T) {
	for _, tt := range withoutBody {
		for transport, start := range map[string]func(*testing.T, ...m3tertest.Option) *caller{
			"loopback": overLoopback, "in memory": inMemory, "mounted": mounted,
		} {
			t.Run(fmt.Sprint(tt.method, tt.status, " ", transport), func(t *testing.T) {
				c := start(t)
				body := strings.NewReader(`{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`)
				c.fake.Inject(m3tertest.Fault{CarriedOut: tt.status != 0, Status: tt.status, Break: m3tertest.CutAnswer})
				r := c.request(tt.method, "/organizations/"+c.fake.OrganizationID+"/support", body)
				if a, err := c.attempt(r); err == nil {
					t.Errorf("the client got status %d, and no error", a.status)
				}
				want := tt.status
				if want == 0 {
					want = http.StatusNotFound
				}
				if got := c.last(); len(c.fake.Requests()) != 2 || got.Status != want || got.Applied != (tt.method == "PUT") {
					t.Errorf("%d requests, the last %+v", len(c.fake.Requests()), got)
				}
			})
		}
	}
}

func TestEndlessWithoutBody(t *testing.T) {
	for _, tt := range withoutBody {
		synctest.Test(t, func(t *testing.T) {
			c := inMemory(t)
			c.fake.Inject(m3tertest.Fault{Status: tt.status, Break: m3tertest.EndlessAnswer})
			ctx, leave := context.WithTimeout(t.Context(), time.Hour)
			defer leave()
			start := time.Now()
			a, err := c.attempt(c.request(tt.method, "/", nil).WithContext(ctx))
			if err == nil || time.Since(start) != time.Hour {
				t.Errorf("%s %d: status %d and error %v after %v", tt.method, tt.status, a.status, err, time.Since(start))
			}
		})
	}
}

// Over HTTP/2 no connection can be taken over; its streams break on their own.
func TestCutWithoutBodyOverHTTP2(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	host := httptest.NewUnstartedServer(fake)
	host.EnableHTTP2 = true
	host.StartTLS()
	t.Cleanup(host.Close)
	fake.Inject(m3tertest.Fault{Status: 204, Break: m3tertest.CutAnswer})
	resp, err := host.Client().Post(host.URL, "text/plain", io.LimitReader(nil, 0))
	if err == nil {
		resp.Body.Close()
		t.Errorf("%s %s, and no error", resp.Proto, resp.Status)
	}
}

// Methods that only read change nothing.
func TestReadsAreNotApplied(t *testing.T) {
	c := inMemory(t)
	c.do("PUT", "/support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`).into(200, new(any))
	for _, path := range []string{"/support", "/permissionpolicies"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			a := c.do(method, path, "")
			if got := c.last(); got.Applied || method != "OPTIONS" && a.status != 200 {
				t.Errorf("%s %s: status %d, recorded as %+v", method, path, a.status, got)
			}
		}
	}
}

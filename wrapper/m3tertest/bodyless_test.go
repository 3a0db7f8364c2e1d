package m3tertest_test

import (
	"cmp"
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

// The responses that have no body in net/http, by method and status of the fault. 0 is the real response.
var withoutBody = []struct {
	method string
	status int
}{{"PUT", 204}, {"GET", 304}, {"HEAD", 0}, {"HEAD", 503}, {"HEAD", 204}}

// A cut fails at the client even if there is no body to cut. The fake has carried out a write all the same.
func TestCutWithoutBody(t *testing.T) {
	for _, tt := range withoutBody {
		for transport, start := range transports {
			t.Run(fmt.Sprint(tt.method, tt.status, " ", transport), func(t *testing.T) {
				c := start(t)
				c.fake.Inject(m3tertest.Fault{CarriedOut: tt.status != 0, Status: tt.status, Break: m3tertest.CutAnswer})
				r := c.request(tt.method, "/organizations/"+c.fake.OrganizationID+"/support", strings.NewReader(supportBody))
				if a, err := c.attempt(r); err == nil {
					t.Errorf("the client got status %d, and no error", a.status)
				}
				want := cmp.Or(tt.status, http.StatusNotFound)
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

// Over HTTP/2 the fake can't take over the connection. It breaks the stream.
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

package m3tertest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The function gets one request at a time, and may call any method of the server except ServeHTTP. Close also ends the
// requests that wait for the function.
func TestInjectFuncCallsTheServer(t *testing.T) {
	for name, tt := range map[string]struct {
		call     func(*m3tertest.Server)
		took     time.Duration // a second for each call of the function
		statuses []int
	}{
		"Close":        {(*m3tertest.Server).Close, time.Second, []int{0, 0, 0}},
		"ClearFaults":  {(*m3tertest.Server).ClearFaults, time.Second, []int{404, 404, 501}},
		"RevokeTokens": {(*m3tertest.Server).RevokeTokens, 3 * time.Second, []int{501, 501, 501}},
		"Inject": {func(fake *m3tertest.Server) {
			fake.Inject(m3tertest.Fault{Status: 503})
		}, 3 * time.Second, []int{501, 501, 501}},
		"InjectFunc": {func(fake *m3tertest.Server) {
			fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) { return m3tertest.Fault{}, false })
		}, 3 * time.Second, []int{501, 501, 501}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t)
				c.fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
					time.Sleep(time.Second)
					tt.call(c.fake)
					return m3tertest.Fault{Status: 501}, true
				})
				start, statuses := time.Now(), make([]int, len(tt.statuses))
				var group sync.WaitGroup
				for i := range statuses {
					r := c.request("GET", "/", "")
					group.Go(func() {
						a, _ := c.attempt(r)
						statuses[i] = a.status
					})
				}
				group.Wait()
				slices.Sort(statuses)
				if took := time.Since(start); took != tt.took || !slices.Equal(statuses, tt.statuses) {
					t.Errorf("statuses %v after %v, want %v after %v", statuses, took, tt.statuses, tt.took)
				}
			})
		})
	}
}

func TestInjectFuncIgnoresOperationAndTimes(t *testing.T) {
	c := inMemory(t)
	c.fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
		return m3tertest.Fault{Operation: "unknown", Times: -1, Status: 501}, true
	})
	for range 2 {
		c.do("GET", "/support", "").refused(501, "")
	}
}

// The panic shows the stack of the function. The function also gets the next request.
func TestInjectFuncPanics(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	serve := func() { fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) }
	for name, tt := range map[string]struct {
		end  func()
		want any // of a panic with a text: its first line
	}{
		"panic":   {func() { panic(errors.New("a mistake")) }, "a mistake"},
		"abort":   {func() { panic(http.ErrAbortHandler) }, http.ErrAbortHandler},
		"Goexit":  {runtime.Goexit, http.ErrAbortHandler},
		"nothing": {func() {}, nil},
	} {
		fake.ClearFaults()
		fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
			tt.end()
			return m3tertest.Fault{}, false
		})
		for range 2 {
			got := panicOf(serve)
			if text, _ := got.(string); strings.Contains(text, "TestInjectFuncPanics") {
				got, _, _ = strings.Cut(text, "\n")
			}
			if got != tt.want {
				t.Errorf("%s: panicked with %v", name, got)
			}
		}
	}
}

package m3tertest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The function of InjectFunc may call any method of the server.
func TestInjectFuncCallsTheServer(t *testing.T) {
	for name, call := range map[string]func(*m3tertest.Server){
		"Close":        (*m3tertest.Server).Close,
		"Inject":       func(fake *m3tertest.Server) { fake.Inject(m3tertest.Fault{Status: 503}) },
		"ClearFaults":  (*m3tertest.Server).ClearFaults,
		"RevokeTokens": (*m3tertest.Server).RevokeTokens,
		"InjectFunc": func(fake *m3tertest.Server) {
			fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) { return m3tertest.Fault{}, false })
		},
	} {
		for transport, start := range transports {
			if transport == "mounted" {
				continue // Close doesn't end the connections of another server
			}
			t.Run(name+"/"+transport, func(t *testing.T) {
				c := start(t)
				returned := make(chan struct{})
				c.fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
					call(c.fake)
					close(returned)
					return m3tertest.Fault{Status: 501}, true
				})
				a, err := c.attempt(c.request("GET", "/", nil))
				<-returned
				if name == "Close" && err == nil || name != "Close" && a.status != 501 {
					t.Errorf("status %d, error %v", a.status, err)
				}
			})
		}
	}
}

// The function handles one request at a time.
func TestInjectFuncTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		asked := 0
		c.fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
			asked++
			time.Sleep(time.Second)
			return m3tertest.Fault{}, false
		})
		start := time.Now()
		var group sync.WaitGroup
		for range 3 {
			r := c.request("GET", "/", nil)
			group.Go(func() { _, _ = c.attempt(r) })
		}
		group.Wait()
		if took := time.Since(start); asked != 3 || took != 3*time.Second {
			t.Errorf("%d requests took %v", asked, took)
		}
	})
}

// Close also ends the requests that wait for the function, and leaves none of them behind.
func TestCloseInsideInjectFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		closed := make(chan struct{})
		c.fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
			time.Sleep(time.Second) // until the others wait
			c.fake.Close()
			close(closed)
			return m3tertest.Fault{}, false
		})
		var group sync.WaitGroup
		for range 3 {
			r := c.request("GET", "/", nil)
			group.Go(func() {
				if _, err := c.attempt(r); err == nil {
					t.Error("a closed server answered")
				}
			})
		}
		group.Wait()
		<-closed
	})
}

// A panic of the function shows the function. Other requests still reach the function.
func TestInjectFuncPanics(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	serve := func() { fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) }
	for name, tt := range map[string]struct {
		end  func()
		want func(any) bool
	}{
		"panic": {func() { panic(errors.New("a mistake")) }, func(v any) bool {
			text, _ := v.(string)
			return strings.HasPrefix(text, "a mistake\n") && strings.Contains(text, "TestInjectFuncPanics")
		}},
		"abort":   {func() { panic(http.ErrAbortHandler) }, func(v any) bool { return v == http.ErrAbortHandler }},
		"Goexit":  {runtime.Goexit, func(v any) bool { return v == http.ErrAbortHandler }},
		"nothing": {func() {}, func(v any) bool { return v == nil }},
	} {
		fake.ClearFaults()
		fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
			tt.end()
			return m3tertest.Fault{}, false
		})
		for range 2 {
			if got := panicOf(serve); !tt.want(got) {
				t.Errorf("%s: panicked with %v", name, got)
			}
		}
	}
}

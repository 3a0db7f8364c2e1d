package m3tertest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A function that is asked for a fault may call any method of the server.
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

// Requests that wait for their turn end with Close too, and none of them stays behind.
func TestCloseInsideInjectFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		closed := make(chan struct{})
		c.fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
			time.Sleep(time.Second) // the others wait by now
			c.fake.Close()
			close(closed)
			return m3tertest.Fault{}, false
		})
		failures := make(chan error)
		for range 3 {
			r := c.request("GET", "/", nil)
			go func() {
				_, err := c.attempt(r)
				failures <- err
			}()
		}
		for range 3 {
			if err := <-failures; err == nil {
				t.Error("answered by a closed server")
			}
		}
		<-closed
	})
}

// A function's own panic says where it was, and keeps nobody else from their turn.
func TestInjectFuncPanics(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	serve := func() (panicked any) {
		defer func() { panicked = recover() }()
		fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return nil
	}
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
			if got := serve(); !tt.want(got) {
				t.Errorf("%s: panicked with %v", name, got)
			}
		}
	}
}

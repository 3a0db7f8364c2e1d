package m3tertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const supportBody = `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`

const policyBody = `{"name":"p","permissionPolicy":[{"effect":"allow","action":["config:create"],"resource":["config:meter/*"]}]}`

// Close ends each request at once, whatever its state, and closes idle connections. It leaves no goroutine behind.
func TestCloseEndsAllGoroutines(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  m3tertest.Fault
		status int // when Close is called
	}{
		"request body":      {m3tertest.Fault{}, 0},
		"delay":             {m3tertest.Fault{Delay: time.Hour}, 0},
		"delay before body": {m3tertest.Fault{Delay: time.Hour, Break: m3tertest.DropBeforeBody}, 0},
		"response":          {m3tertest.Fault{Break: m3tertest.EndlessAnswer}, 200},
	} {
		for transport, start := range transports {
			if transport == "mounted" {
				continue // Close doesn't end the connections of another server
			}
			t.Run(name+"/"+transport, func(t *testing.T) {
				before := runtime.NumGoroutine()
				c := start(t)
				r := c.link()
				body, unfinished := io.Pipe()
				if name == "request body" {
					r.Body, r.ContentLength = body, -1
				}
				tt.fault.Times = 1
				c.fake.Inject(tt.fault)
				ended := make(chan error)
				go func() {
					resp, err := c.client.Do(r)
					if err == nil {
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					ended <- err
				}()
				c.arrive(tt.status)
				c.do("GET", "/support", "").refused(404, "support") // over a second connection, which stays idle
				c.fake.Close()
				unfinished.Close() // the client waits for its body
				if err := <-ended; err == nil {
					t.Error("the request outlived Close")
				}
				c.client.CloseIdleConnections()
				noMoreGoroutines(t, before)
			})
		}
	}
}

// noMoreGoroutines waits, since the goroutines of a client's connections end a moment after the connections.
func noMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestClientOfClosedServer(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	client := fake.Client()
	fake.Close()
	for name, client := range map[string]*http.Client{"made before": client, "made after": fake.Client()} {
		if _, err := client.Get(fake.URL); err == nil {
			t.Errorf("client %s Close: no error", name)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	const callers, rounds = 8, 20
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range rounds {
				statements := []gen.Statement{{Effect: "allow", Action: []gen.Action{"all"}}}
				policy := c.fake.AddPermissionPolicy(gen.PermissionPolicy{PermissionPolicy: statements})
				c.call(gen.AddPermissionPolicyToUser.Operation, linkBody, policy.ID).into(200, new(any))
				for _, policy := range c.fake.UserPolicies("user") {
					policy.PermissionPolicy[0].Effect = "changed" // fails under the race detector unless it is a copy
				}
				c.fake.Requests()
				c.fake.Support()
			}
		})
	}
	group.Wait()
	policies := c.fake.UserPolicies("user")
	if len(policies) != callers*rounds || policies[0].PermissionPolicy[0].Effect != "ALLOW" {
		t.Errorf("%d policies, want %d; the first is %+v", len(policies), callers*rounds, policies[0])
	}
}

// A transport of a test may pass the request of a client to ServeHTTP. It has no body if the client sends none.
func TestServeHTTPWithoutABody(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	defer fake.Close()
	request, err := http.NewRequest("GET", fake.URL+"/organizations/"+fake.OrganizationID+"/permissionpolicies", nil)
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	fake.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusForbidden || request.Body != nil { // there is no access token
		t.Errorf("status %d; the body of the client's request is %v", recorder.Code, request.Body)
	}
}

package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// The names suit benchstat: -col /peer.
func Benchmark(b *testing.B) {
	for _, transport := range []string{"memory", "loopback"} {
		peers := peersOver(b, transport)
		for _, op := range Operations {
			for _, peer := range peers {
				call := op.Of(peer)
				b.Run("op="+op.Name+"/conn="+transport+"/peer="+peer.Name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := call(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				})
				if op.Name == "walk" {
					continue
				}
				b.Run("op="+op.Name+"/conn="+transport+",parallel/peer="+peer.Name, func(b *testing.B) {
					b.ReportAllocs()
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if err := call(b.Context()); err != nil {
								b.Error(err)
							}
						}
					})
				})
			}
		}
	}
}

func peersOver(tb testing.TB, transport string) []Peer {
	peers, stop := PeersOver(transport)
	tb.Cleanup(stop)
	return peers
}

// All peers do the same work; otherwise the comparison would mean nothing.
func TestPeersAgree(t *testing.T) {
	for _, transport := range []string{"memory", "loopback"} {
		peers := peersOver(t, transport)
		var want [3]any
		for i, peer := range peers {
			created, err1 := peer.Create(t.Context())
			one, err2 := peer.One(t.Context())
			page, err3 := peer.Page(t.Context())
			walked, err4 := peer.Walk(t.Context())
			if err := errors.Join(err1, err2, err3, err4); err != nil {
				t.Fatalf("%s over %s: %v", peer.Name, transport, err)
			}
			if len(page) != 200 || walked != 200*pages {
				t.Errorf("%s over %s: a page of %d, a walk over %d", peer.Name, transport, len(page), walked)
			}
			got := [3]any{spelled(created), spelled(one), spelled(page...)}
			if i == 0 {
				want = got
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s over %s decodes other values than %s", peer.Name, transport, peers[0].Name)
			}
		}
	}
}

// spelled returns policies in the spelling of requests, which only the wrapper returns.
func spelled(policies ...m3teraccess.PermissionPolicy) []m3teraccess.PermissionPolicy {
	form := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", ":") }
	for _, policy := range policies {
		for i, s := range policy.PermissionPolicy {
			policy.PermissionPolicy[i].Effect = m3teraccess.Effect(form(string(s.Effect)))
			for j, action := range s.Action {
				s.Action[j] = m3teraccess.Action(form(string(action)))
			}
		}
	}
	return policies
}

// The allocations of a call, with a little room. A write makes more: behind a transport other than net/http's, its
// connection is watched. A change that needs more should be visible in review.
func TestAllocations(t *testing.T) {
	client := newClient(&http.Client{Transport: inMemory{}}, "http://localhost")
	ctx := t.Context()
	for _, test := range []struct {
		name string
		most float64
		call func() error
	}{
		{"CreatePermissionPolicy", 69, func() error {
			_, err := client.CreatePermissionPolicy(ctx, request)
			return err
		}},
		{"AddPermissionPolicyToUser", 55, func() error {
			_, err := client.AddPermissionPolicyToUser(ctx, "policy", m3teraccess.PrincipalPermissionRequest{PrincipalID: "user"})
			return err
		}},
		{"RequestSupport", 52, func() error {
			_, err := client.RequestSupport(ctx, m3teraccess.SupportRequest{EndSupportUsersAccess: time.Unix(2e9, 0), Version: 1})
			return err
		}},
		{"RemoveResource", 57, func() error {
			removal := m3teraccess.ResourceGroupItemRequest{TargetID: "item", TargetType: m3teraccess.TargetItem, Version: 1}
			_, err := client.RemoveResource(ctx, "meter", "group", removal)
			return err
		}},
		{"UserPermissionsPage, of one policy", 58, func() error {
			_, err := client.UserPermissionsPage(ctx, "one", m3teraccess.PageParams{})
			return err
		}},
		{"UserPermissionsPage, of 200", 3660, func() error {
			_, err := client.UserPermissionsPage(ctx, "page", m3teraccess.PageParams{})
			return err
		}},
	} {
		got := testing.AllocsPerRun(100, func() {
			if err := test.call(); err != nil {
				t.Error(err)
			}
		})
		if got > test.most {
			t.Errorf("%s: %v allocations, at most %v are expected", test.name, got, test.most)
		}
		t.Logf("%s: %v allocations", test.name, got)
	}
}

// An iterator holds one page, and a hash for each earlier page.
func TestWalkHoldsOnePage(t *testing.T) {
	const long = 10_000
	var page atomic.Int64
	transport := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := inMemory{}.RoundTrip(req)
		if strings.HasSuffix(req.URL.Path, "/permissions") {
			token := fmt.Sprint(strings.Repeat("x", 1000), page.Add(1)) // long, so that kept tokens show in the heap
			body := pageOf(1, token)
			if page.Load() == long {
				body = pageOf(1, "")
			}
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		return resp, err
	})
	client := newClient(&http.Client{Transport: transport}, "http://localhost")
	var early, late uint64
	policies := 0
	for _, err := range client.UserPermissions(t.Context(), "user") {
		if err != nil {
			t.Fatal(err)
		}
		switch policies++; policies {
		case 100:
			early = liveHeap()
		case long:
			late = liveHeap()
		}
	}
	if perPage := (float64(late) - float64(early)) / (long - 100); policies != long || perPage > 64 {
		t.Errorf("%d pages; %.0f bytes more are live for each", policies, perPage)
	}
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// Neither an idle client nor a finished iterator leaves a goroutine.
func TestIdleClientsLeaveNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	clients := make([]*m3teraccess.Client, 10_000)
	for i := range clients {
		clients[i] = newClient(&http.Client{Transport: inMemory{}}, "http://localhost")
		for _, err := range clients[i].UserPermissions(t.Context(), "one") {
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				break
			}
		}
	}
	// The goroutine that fetched the access token ends just after the call has it.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines more for %d clients", after-before, len(clients))
	}
	runtime.KeepAlive(clients)
}

// A steady load opens no further connections: the default transport keeps one for each caller.
func TestSteadyLoadOpensNoConnections(t *testing.T) {
	const callers = 64
	var opened atomic.Int64
	var together sync.WaitGroup // the first calls get their responses when all of them have arrived
	together.Add(callers)
	var calls atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/permissions") && calls.Add(1) <= callers {
			together.Done()
			together.Wait()
		}
		service{}.ServeHTTP(w, req)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client, err := m3teraccess.NewClient(m3teraccess.WithBaseURL(server.URL), m3teraccess.WithCredentials("key", "secret"),
		m3teraccess.WithOrganization(orgID), m3teraccess.WithLimiter(make(turnstile, 1)))
	if err != nil {
		t.Fatal(err)
	}
	load := func(calls int) {
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				for range calls {
					if _, err := client.UserPermissionsPage(context.Background(), "one", m3teraccess.PageParams{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	}
	load(1)
	warm := opened.Load()
	load(30)
	if more := opened.Load() - warm; warm < callers || more != 0 {
		t.Errorf("%d connections were opened for %d callers, and %d more under a steady load", warm, callers, more)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

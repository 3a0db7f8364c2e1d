package bench

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

var transports = []string{"memory", "loopback"}

// The names suit benchstat: -col /peer.
func Benchmark(b *testing.B) {
	for _, transport := range transports {
		peers, stop := PeersOver(transport)
		b.Cleanup(stop)
		for _, op := range Operations {
			for _, peer := range peers {
				name, call := "op="+op+"/conn="+transport, peer.Calls[op]
				b.Run(name+"/peer="+peer.Name, func(b *testing.B) { call.Run(b, false) })
				if op != "walk" {
					b.Run(name+",parallel/peer="+peer.Name, func(b *testing.B) { call.Run(b, true) })
				}
			}
		}
	}
}

// All peers do the same work; otherwise the comparison would mean nothing. Only the wrapper returns effects and actions
// in the spelling of requests.
func TestPeersAgree(t *testing.T) {
	spelling := strings.NewReplacer("_", ":")
	for _, transport := range transports {
		peers, stop := PeersOver(transport)
		t.Cleanup(stop)
		for op, policies := range map[string]int{"create": 1, "one": 1, "page": 200, "walk": 200 * pages} {
			var want string
			for _, peer := range peers {
				result, err := peer.Calls[op](t.Context())
				got := spelling.Replace(strings.ToLower(string(toJSON(map[string]any{"result": result}))))
				want = cmp.Or(want, got)
				if err != nil || got != want {
					t.Errorf("%s over %s: %s returns error %v and\n%s\n%s returns\n%s", op, transport, peer.Name, err, got, peers[0].Name, want)
				}
			}
			if want != fmt.Sprintf(`{"result":%d}`, policies) && strings.Count(want, `"id":`) != policies {
				t.Errorf("%s over %s returns %s, want %d policies", op, transport, want, policies)
			}
		}
	}
}

// Each call allocates little more than it needs. With a transport other than net/http's, as here, a write allocates
// more, because the client traces the connection of the write. A change that needs more should be visible in review.
func TestAllocations(t *testing.T) {
	client := inMemoryClient(bodyFor)
	link := m3teraccess.PrincipalPermissionRequest{PrincipalID: "user"}
	support := m3teraccess.SupportRequest{EndSupportUsersAccess: time.Unix(2e9, 0), Version: 1}
	removal := m3teraccess.ResourceGroupItemRequest{TargetID: "item", TargetType: m3teraccess.TargetItem, Version: 1}
	for _, test := range []struct {
		name string
		most float64
		call Call
	}{
		{"CreatePermissionPolicy", 69, func(ctx context.Context) (any, error) {
			return client.CreatePermissionPolicy(ctx, request)
		}},
		{"AddPermissionPolicyToUser", 55, func(ctx context.Context) (any, error) {
			return client.AddPermissionPolicyToUser(ctx, "policy", link)
		}},
		{"RequestSupport", 52, func(ctx context.Context) (any, error) {
			return client.RequestSupport(ctx, support)
		}},
		{"RemoveResource", 57, func(ctx context.Context) (any, error) {
			return client.RemoveResource(ctx, "meter", "group", removal)
		}},
		{"UserPermissionsPage, of one policy", 58, func(ctx context.Context) (any, error) {
			return client.UserPermissionsPage(ctx, "one", m3teraccess.PageParams{})
		}},
		{"UserPermissionsPage, of 200", 3660, func(ctx context.Context) (any, error) {
			return client.UserPermissionsPage(ctx, "page", m3teraccess.PageParams{})
		}},
	} {
		if got := testing.AllocsPerRun(100, func() { test.call.must(t.Context()) }); got > test.most {
			t.Errorf("%s: %v allocations, at most %v are expected", test.name, got, test.most)
		}
	}
}

// An iterator holds one page, and a hash for each earlier page.
func TestWalkHoldsOnePage(t *testing.T) {
	const long = 10_000
	fetched := 0
	client := inMemoryClient(func(req *http.Request) []byte {
		if !strings.HasSuffix(req.URL.Path, "/permissions") {
			return bodyFor(req)
		}
		if fetched++; fetched == long {
			return pageOf(1, "")
		}
		return pageOf(1, fmt.Sprint(strings.Repeat("x", 1000), fetched)) // long, so that kept tokens show in the heap
	})
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
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		const clients = 1000
		for i := range clients {
			for _, err := range inMemoryClient(bodyFor).UserPermissions(t.Context(), "one") {
				if err != nil {
					t.Fatal(err)
				}
				if i%2 == 0 {
					break
				}
			}
		}
		synctest.Wait()
		// A few goroutines outside the bubble may come and go.
		if more := runtime.NumGoroutine() - before; more > clients/10 {
			t.Errorf("%d goroutines more for %d clients", more, clients)
		}
	})
}

// A steady load opens no further connections: the default transport keeps one for each caller.
func TestSteadyLoadOpensNoConnections(t *testing.T) {
	const callers, rounds = 64, 30
	var opened atomic.Int64
	var together sync.WaitGroup // the calls of a round get their responses when all of them have arrived
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/permissions") {
			together.Done()
			together.Wait()
		}
		serve(w, req)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client := newClient(server.URL)
	round := func() {
		together.Add(callers)
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				if _, err := client.UserPermissionsPage(t.Context(), "one", m3teraccess.PageParams{}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	round()
	warm := opened.Load()
	for range rounds {
		round()
	}
	// If the transport kept fewer connections, each round would open at least one. On a busy machine, some rounds may
	// open one.
	if more := opened.Load() - warm; warm < callers || more >= rounds {
		t.Errorf("%d connections were opened for %d callers, and %d more under a steady load", warm, callers, more)
	}
}

// inMemoryClient returns a client over a transport in memory.
func inMemoryClient(bodyFor inMemory) *m3teraccess.Client {
	return newClient("http://localhost", m3teraccess.WithHTTPClient(&http.Client{Transport: bodyFor}))
}

package test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const (
	paceCallers = 64
	paceCalls   = 600
	paceRate    = 50
	paceIdeal   = paceCalls * time.Second / paceRate // how long the calls take at best
)

// atRateLimit makes 600 calls from 64 goroutines, as fast as the client allows, with a fake that has a rate limit, in a
// bubble. The check gets how long that took, and how many attempts the rate limit refused.
func atRateLimit(newCall func(*testing.T, *m3tertest.Server) func() error, check func(t *testing.T, took time.Duration, refused int)) func(*testing.T) {
	return bubbled(func(t *testing.T) {
		fake := m3tertest.NewServer(m3tertest.InMemory(), m3tertest.WithRateLimit(paceRate))
		defer fake.Close()
		fake.AddUser("user-1")
		call := newCall(t, fake)
		start := time.Now()
		var begun atomic.Int32
		var group sync.WaitGroup
		for range paceCallers {
			group.Go(func() {
				for begun.Add(1) <= paceCalls {
					if err := call(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		took, refused := time.Since(start), 0
		for _, request := range fake.Requests() {
			if request.Status == 429 {
				refused++
			}
		}
		check(t, took, refused)
	})
}

// readAtRateLimit is atRateLimit for reads of a client.
func readAtRateLimit(newClient func(*testing.T, *m3tertest.Server) *m3teraccess.Client, longest time.Duration, mostRefused int) func(*testing.T) {
	return atRateLimit(func(t *testing.T, fake *m3tertest.Server) func() error {
		client := newClient(t, fake)
		return func() error { return read(t, client) }
	}, func(t *testing.T, took time.Duration, refused int) {
		if took > longest || refused > mostRefused {
			t.Errorf("took %v, ideally %v; %d attempts refused", took, paceIdeal, refused)
		}
	})
}

// No call fails, at most 1% of the attempts are refused, and the calls take at most 5% longer than ideal.
var keepsToTheRateLimit = readAtRateLimit(func(t *testing.T, fake *m3tertest.Server) *m3teraccess.Client {
	return clientOf(t, fake, fake.Client().Transport, defaultRetry)
}, paceIdeal*105/100, paceCalls/100)

// The first burst arrives late, because it establishes connections. It must not arrive together with the second one.
func TestPaceOverNewConnections(t *testing.T) {
	readAtRateLimit(func(t *testing.T, fake *m3tertest.Server) *m3teraccess.Client {
		fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Delay: 100 * time.Millisecond}) // the fake carries the request out after the delay
		transport := fake.Client().Transport.(*http.Transport)
		transport.MaxIdleConnsPerHost = 100
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(200 * time.Millisecond)
			return dial(ctx, network, address)
		}
		return clientOf(t, fake, transport)
	}, (paceIdeal+300*time.Millisecond)*105/100, 0)(t)
}

// The caller's limiter allows more than the rate limit. The hold-back after a 429 keeps every call from failing.
func TestPaceWithoutALimiter(t *testing.T) {
	readAtRateLimit(func(t *testing.T, fake *m3tertest.Server) *m3teraccess.Client {
		return clientOf(t, fake, fake.Client().Transport,
			m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 10}), m3teraccess.WithLimiter(unlimited{}))
	}, paceIdeal*3/2, paceCalls*10)(t)
}

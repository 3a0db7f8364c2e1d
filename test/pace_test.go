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
)

// readTogether makes 600 reads from 64 goroutines, as fast as the client allows. It returns how long that took, and how
// many attempts the rate limit refused.
func readTogether(t testing.TB, fake *m3tertest.Server, client *m3teraccess.Client) (took time.Duration, refused int) {
	fake.AddUser("user-1")
	start := time.Now()
	var begun atomic.Int32
	var group sync.WaitGroup
	for range paceCallers {
		group.Go(func() {
			for begun.Add(1) <= paceCalls {
				if err := either(client.UserPermissionsPage(t.Context(), "user-1", m3teraccess.PageParams{})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	took = time.Since(start)
	for _, request := range fake.Requests() {
		if request.Status == 429 {
			refused++
		}
	}
	return took, refused
}

// onRateLimit runs a test with a fake that has a rate limit, in a bubble. ideal is how long the reads take at best.
func onRateLimit(test func(t *testing.T, fake *m3tertest.Server, ideal time.Duration)) func(*testing.T) {
	return bubbled(func(t *testing.T) {
		fake := m3tertest.NewServer(m3tertest.InMemory(), m3tertest.WithRateLimit(paceRate))
		defer fake.Close()
		test(t, fake, paceCalls*time.Second/paceRate)
	})
}

// No call fails, hardly an attempt is refused, and hardly any time is lost.
var keepsToTheRateLimit = onRateLimit(func(t *testing.T, fake *m3tertest.Server, ideal time.Duration) {
	took, refused := readTogether(t, fake, clientOf(t, fake, fake.Client().Transport, defaultRetry))
	if took > ideal*105/100 || refused > paceCalls/100 {
		t.Errorf("took %v, ideally %v; %d attempts refused", took, ideal, refused)
	}
})

// The first burst comes late, since it has to establish its connections. It must not meet the second one.
func TestPaceOverNewConnections(t *testing.T) {
	onRateLimit(func(t *testing.T, fake *m3tertest.Server, ideal time.Duration) {
		fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Delay: 100 * time.Millisecond}) // is carried out then
		transport := fake.Client().Transport.(*http.Transport)
		transport.MaxIdleConnsPerHost = 100
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(200 * time.Millisecond)
			return dial(ctx, network, address)
		}
		took, refused := readTogether(t, fake, clientOf(t, fake, transport))
		if ideal += 300 * time.Millisecond; took > ideal*105/100 || refused > 0 {
			t.Errorf("took %v, ideally %v; %d attempts refused", took, ideal, refused)
		}
	})(t)
}

// The caller's limiter allows more than the rate limit. The hold-back after a 429 keeps every call from failing.
func TestPaceWithoutALimiter(t *testing.T) {
	onRateLimit(func(t *testing.T, fake *m3tertest.Server, ideal time.Duration) {
		client := clientOf(t, fake, fake.Client().Transport,
			m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 10}), m3teraccess.WithLimiter(unlimited{}))
		if took, _ := readTogether(t, fake, client); took > ideal*3/2 {
			t.Errorf("took %v, ideally %v", took, ideal)
		}
	})(t)
}

// BenchmarkPaceAtTheLimit measures the same over loopback in real time, which takes 12 seconds.
//
//	go test ./test -run '^$' -bench PaceAtTheLimit -benchtime 1x
func BenchmarkPaceAtTheLimit(b *testing.B) {
	for b.Loop() {
		fake := m3tertest.NewServer(m3tertest.WithRateLimit(paceRate))
		client, err := m3teraccess.NewClient(
			m3teraccess.WithBaseURL(fake.URL),
			m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
			m3teraccess.WithOrganization(fake.OrganizationID),
		)
		if err != nil {
			b.Fatal(err)
		}
		took, refused := readTogether(b, fake, client)
		fake.Close()
		b.ReportMetric(took.Seconds(), "s/600-calls")
		b.ReportMetric(float64(refused), "refused")
	}
}

package test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const (
	paceCallers = 64
	paceCalls   = 600
	paceRate    = 50
)

// readTogether has 64 callers make 600 reads, as fast as they may, and returns how long that took and how many attempts
// were refused as over the rate.
func readTogether(t testing.TB, ctx context.Context, fake *m3tertest.Server, client *m3teraccess.Client) (took time.Duration, refused int) {
	fake.AddUser("user-1")
	calls := make(chan struct{}, paceCalls)
	for range paceCalls {
		calls <- struct{}{}
	}
	close(calls)
	start := time.Now()
	var group sync.WaitGroup
	for range paceCallers {
		group.Go(func() {
			for range calls {
				if _, err := client.UserPermissionsPage(ctx, "user-1", m3teraccess.PageParams{}); err != nil {
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

// At the limit of the service no call fails, next to no attempt is refused, and next to no time is lost.
func keepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := m3tertest.NewServer(m3tertest.InMemory(), m3tertest.WithRateLimit(paceRate))
		defer fake.Close()
		client := clientOf(t, fake, fake.Client().Transport, m3teraccess.WithRetry(m3teraccess.RetryPolicy{}))
		took, refused := readTogether(t, t.Context(), fake, client)
		ideal := paceCalls * time.Second / paceRate
		if took > ideal*105/100 || refused > paceCalls/100 {
			t.Errorf("took %v, ideally %v; %d attempts refused", took, ideal, refused)
		}
	})
}

// The first burst has to make its connections: it comes late, and all the same not together with the second one.
func TestPaceOverNewConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := m3tertest.NewServer(m3tertest.InMemory(), m3tertest.WithRateLimit(paceRate))
		defer fake.Close()
		fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Delay: 100 * time.Millisecond}) // is carried out then
		transport := fake.Client().Transport.(*http.Transport)
		transport.MaxIdleConnsPerHost = 100
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(200 * time.Millisecond)
			return dial(ctx, network, address)
		}
		took, refused := readTogether(t, t.Context(), fake, clientOf(t, fake, transport))
		ideal := 300*time.Millisecond + paceCalls*time.Second/paceRate
		if took > ideal*105/100 || refused > 0 {
			t.Errorf("took %v, ideally %v; %d attempts refused", took, ideal, refused)
		}
	})
}

// A limiter of the caller's that is too fast for the service: the hold-back after a 429 does the rest.
func TestPaceWithoutALimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := m3tertest.NewServer(m3tertest.InMemory(), m3tertest.WithRateLimit(paceRate))
		defer fake.Close()
		client := clientOf(t, fake, fake.Client().Transport,
			m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 10}), m3teraccess.WithLimiter(unlimited{}))
		took, _ := readTogether(t, t.Context(), fake, client) // where a failed call is an error
		if ideal := paceCalls * time.Second / paceRate; took > ideal*3/2 {
			t.Errorf("took %v, ideally %v", took, ideal)
		}
	})
}

// The same over loopback and in real time, which takes 12 s: for the figures, not for a verdict.
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
		took, refused := readTogether(b, b.Context(), fake, client)
		fake.Close()
		b.ReportMetric(took.Seconds(), "s/600-calls")
		b.ReportMetric(float64(refused), "refused")
	}
}

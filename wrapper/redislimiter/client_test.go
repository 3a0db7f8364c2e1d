package redislimiter

import (
	"net/http"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A 429 for one process holds back the clients of all processes, for as long as m3ter asks.
func TestRefusalHoldsTheFleetBack(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		fake := m3tertest.NewServer(m3tertest.InMemory())
		defer fake.Close()
		fake.AddUser("user-1")
		client := func() *m3teraccess.Client {
			fleet := s.process(2)
			client, err := m3teraccess.NewClient(
				m3teraccess.WithHTTPClient(fake.Client()),
				m3teraccess.WithBaseURL(fake.URL),
				m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
				m3teraccess.WithOrganization(fake.OrganizationID),
				m3teraccess.WithOrganizationLimiter(func(orgID string) m3teraccess.Limiter { return fleet.Limiter(orgID) }))
			if err != nil {
				t.Fatal(err)
			}
			return client
		}
		refused, other := client(), client()
		fake.Inject(m3tertest.Fault{Times: 1, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"3"}}})
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := refused.UserPermissionsPage(t.Context(), "user-1", m3teraccess.PageParams{}); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(10 * time.Millisecond)
		if _, err := other.UserPermissionsPage(t.Context(), "user-1", m3teraccess.PageParams{}); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 3*time.Second || took > 3*time.Second+windowLength {
			t.Errorf("the other process sent after %v", took)
		}
		<-done
	})
}

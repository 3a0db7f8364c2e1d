package redislimiter

import (
	"net/http"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A response with status 429 to one process holds back all processes for the duration of its Retry-After header.
func TestRefusalHoldsBackTheFleet(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		fake := m3tertest.NewServer(m3tertest.InMemory())
		defer fake.Close()
		fake.AddUser("user-1")
		newClient := func() *m3teraccess.Client {
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
		refused, other := newClient(), newClient()
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
			t.Errorf("the other process sent its request after %v", took)
		}
		<-done
	})
}

package main

import (
	"net/http"
	"os"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const demoUser = "3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21"

var variables = []string{"M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_API_TOKEN", "M3TER_ORG_ID", "M3TER_BASE_URL"}

// isDemo tells whether no variable asks for the real service. An empty one counts as not set.
func isDemo() bool {
	for _, name := range variables {
		if os.Getenv(name) != "" {
			return false
		}
	}
	return true
}

// startFake starts an in-memory m3ter that is down when it is first asked for the policies of its user.
func startFake() *m3tertest.Server {
	fake := m3tertest.NewServer()
	fake.AddUser(demoUser)
	fake.GrantPolicy(fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Meter readers"}).ID, demoUser)
	fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Times: 1, Status: http.StatusServiceUnavailable})
	return fake
}

func optionsOf(fake *m3tertest.Server) []m3teraccess.Option {
	return []m3teraccess.Option{
		m3teraccess.WithBaseURL(fake.URL),
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithOrganization(fake.OrganizationID),
	}
}

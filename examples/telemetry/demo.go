package main

import (
	"net/http"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const demoUser = "3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21"

// startFake starts an in-memory m3ter that responds with status 503 to the first request for the policies of
// the demo user.
func startFake() *m3tertest.Server {
	fake := m3tertest.NewServer()
	fake.AddUser(demoUser)
	fake.GrantPolicy(fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Meter readers"}).ID, demoUser)
	fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Times: 1, Status: http.StatusServiceUnavailable})
	return fake
}

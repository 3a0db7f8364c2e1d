package main

import (
	"fmt"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// demoUsers is large enough to reach the rate limit.
const demoUsers = 120

func demoUser(i int) string { return fmt.Sprintf("demo-user-%03d", i) }

// startFake starts an in-memory m3ter that accepts 50 requests a second, like the real m3ter.
func startFake() *m3tertest.Server {
	fake := m3tertest.NewServer(m3tertest.WithRateLimit(50))
	readers := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Readers", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:*"),
	}})
	administrators := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Administrators", ManagedPolicy: true, PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.All).On("*"),
	}})
	for i := range demoUsers {
		fake.AddUser(demoUser(i))
		fake.GrantPolicy(readers.ID, demoUser(i))
		if i%10 == 0 {
			fake.GrantPolicy(administrators.ID, demoUser(i))
		}
	}
	return fake
}

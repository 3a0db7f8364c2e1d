package main

import (
	"context"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The data of the in-memory m3ter.
const (
	demoUser      = "3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21"
	demoGroupType = "meter"
	demoGroup     = "b8f9d1c2-3f7e-4c55-9a2e-1d6f4c0b7e31"
	demoItem      = "06f6b50c-a868-4ca6-8a3b-448e507d5248"
)

// startFake starts an in-memory m3ter with a user who has several policies.
func startFake() *m3tertest.Server {
	fake := m3tertest.NewServer()
	fake.AddUser(demoUser)
	for i, policy := range []m3teraccess.PermissionPolicy{
		{Name: "Administrators", ManagedPolicy: true, PermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.All).On("*"),
		}},
		{Name: "Plan editors", PermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.ConfigCreate, m3teraccess.ConfigUpdate).On("config:plan/*"),
			m3teraccess.Deny(m3teraccess.ConfigDelete).On("config:plan/*"),
		}},
		{Name: "Analysts", PermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.AnalyticsQuery, m3teraccess.ExportsDownload).On("*"),
		}},
		{Name: "No audit trail", PermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Deny(m3teraccess.AuditRetrieve).On("*"),
		}},
	} {
		policy.LastModifiedAt = time.Date(2026, time.January, 12+i, 9, 30, 0, 0, time.UTC)
		fake.GrantPolicy(fake.AddPermissionPolicy(policy).ID, demoUser)
	}
	fake.AddResourceGroup(demoGroupType, m3teraccess.ResourceGroup{ID: demoGroup, Name: "Usage meters"},
		m3tertest.Item{TargetID: demoItem, TargetType: m3teraccess.TargetItem})
	return fake
}

// secondWriter extends support access by two hours. It acts as someone else who changes the access between the read and
// the write of extendSupport.
func (r *review) secondWriter(ctx context.Context, current *m3teraccess.Support) error {
	support, err := r.client.RequestSupport(ctx, m3teraccess.SupportRequest{
		EndSupportUsersAccess:        current.EndSupportUsersAccess.Add(2 * time.Hour),
		SupportUsersPermissionPolicy: current.SupportUsersPermissionPolicy,
		Version:                      current.Version,
	})
	if err != nil {
		return err
	}
	r.logf("A second writer extended support access until %s, version %d.", example.Clock(support.EndSupportUsersAccess), support.Version)
	return nil
}

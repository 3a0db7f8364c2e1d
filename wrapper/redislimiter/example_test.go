package redislimiter_test

import (
	"context"
	"log/slog"

	"github.com/redis/go-redis/v9"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/redislimiter"
)

// Ten processes share the rate limit of each organization. Each process makes one fleet and one client, and keeps them.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.internal:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()
	fleet := redislimiter.New(rdb, 10, redislimiter.WithLogger(slog.Default()))

	client, err := m3teraccess.NewClient(
		m3teraccess.WithOrganization("1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f"),
		m3teraccess.WithOrganizationLimiter(func(orgID string) m3teraccess.Limiter { return fleet.Limiter(orgID) }))
	if err != nil {
		slog.Error("could not create the client", "error", err)
		return
	}
	for policy, err := range client.UserPermissions(context.Background(), "3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21") {
		if err != nil {
			slog.Error("could not list the policies", "error", err)
			return
		}
		slog.Info("found a policy", "name", policy.Name)
	}
}

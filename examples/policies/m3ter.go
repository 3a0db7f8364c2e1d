package main

import (
	"context"
	"fmt"
	"sync"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// readOrganization reads the policies, and those of each user in m3ter or in the file.
func readOrganization(ctx context.Context, client *m3teraccess.Client, file *organization, progress func(done, all int)) (*organization, error) {
	found, err := readPolicies(ctx, client)
	if err != nil {
		return nil, err
	}
	o := &organization{Policies: found, Users: make(map[string]policies)}
	ids := make(map[string]bool)
	for id := range file.Users {
		ids[id] = true
	}
	type user struct {
		ID string `json:"id"`
	}
	for u, err := range m3teraccess.List[user](ctx, client, nil, "users") {
		if err != nil {
			return nil, err
		}
		ids[u.ID] = true
	}
	var users []string
	for id := range sorted(ids) {
		users = append(users, id)
	}
	var mu sync.Mutex
	return o, each(ctx, users, progress, func(ctx context.Context, id string) error {
		names, err := policiesOf(ctx, client, id)
		mu.Lock()
		defer mu.Unlock()
		o.Users[id] = policies{Names: names}
		return err
	})
}

// readPolicies leaves out the policies that m3ter itself manages: they can't be changed.
func readPolicies(ctx context.Context, client *m3teraccess.Client) (map[string]policy, error) {
	found := make(map[string]policy)
	for p, err := range m3teraccess.List[m3teraccess.PermissionPolicy](ctx, client, nil, "permissionpolicies") {
		if err != nil {
			return nil, err
		}
		if p.ManagedPolicy {
			continue
		}
		if other, ok := found[p.Name]; ok {
			return nil, fmt.Errorf("two policies in m3ter are named %q: %s and %s; rename or delete one", p.Name, other.id, p.ID)
		}
		found[p.Name] = policy{Statements: p.PermissionPolicy, id: p.ID}
	}
	return found, nil
}

func policiesOf(ctx context.Context, client *m3teraccess.Client, userID string) (names []string, err error) {
	for p, err := range client.UserPermissions(ctx, userID) {
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", userID, err)
		}
		if !p.ManagedPolicy {
			names = append(names, p.Name)
		}
	}
	return names, nil
}

// concurrency hides the latency of m3ter; the client keeps to the rate limit by itself.
const concurrency = 16

// each calls do for every item. The first error ends it.
func each[T any](ctx context.Context, items []T, progress func(done, all int), do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	var mu sync.Mutex
	done, slots := 0, make(chan struct{}, concurrency)
	for _, item := range items {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			if err := do(ctx, item); err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			progress(done, len(items))
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

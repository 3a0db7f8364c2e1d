package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// readOrganization reads the policies, and the policies of each user in m3ter or in the file.
func readOrganization(ctx context.Context, client *m3teraccess.Client, file *organization, progress func(done, all int)) (*organization, error) {
	policies, err := readPolicies(ctx, client)
	if err != nil {
		return nil, err
	}
	o := &organization{policies, make(map[string]entry[string])}
	ids := keys(file.Users)
	for user, err := range m3teraccess.List[struct {
		ID string `json:"id"`
	}](ctx, client, nil, "users") {
		if err != nil {
			return nil, err
		}
		if _, ok := file.Users[user.ID]; !ok {
			ids = append(ids, user.ID)
		}
	}
	var mu sync.Mutex
	return o, each(ctx, ids, progress, func(ctx context.Context, id string) error {
		names, err := policiesOf(ctx, client, id)
		mu.Lock()
		defer mu.Unlock()
		o.Users[id] = entry[string]{list: names}
		return err
	})
}

// readPolicies leaves out the policies that m3ter itself manages, as policiesOf does: nobody can change them.
func readPolicies(ctx context.Context, client *m3teraccess.Client) (map[string]entry[m3teraccess.Statement], error) {
	found := make(map[string]entry[m3teraccess.Statement])
	for p, err := range m3teraccess.List[m3teraccess.PermissionPolicy](ctx, client, nil, "permissionpolicies") {
		if err != nil {
			return nil, err
		}
		if other, ok := found[p.Name]; ok && !p.ManagedPolicy {
			return nil, fmt.Errorf("two policies in m3ter are named %q: %s and %s; rename or delete one", p.Name, other.id, p.ID)
		}
		if !p.ManagedPolicy {
			found[p.Name] = entry[m3teraccess.Statement]{list: p.PermissionPolicy, id: p.ID}
		}
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

// apply makes the changes of the plan: first the policies, one after the other, then the users. After a write with an
// unknown outcome it looks before it writes again.
func apply(ctx context.Context, client *m3teraccess.Client, p plan, file, m3ter *organization, progress func(done, all int)) error {
	var links plan
	for _, c := range p {
		switch c.Op {
		case "add":
			links = append(links, c)
		case "create":
			request := m3teraccess.PermissionPolicyRequest{Name: c.Policy, PermissionPolicy: file.Policies[c.Policy].list}
			if err := untilKnown(func() error {
				created, err := client.CreatePermissionPolicy(ctx, request)
				if err == nil {
					m3ter.Policies[c.Policy] = entry[m3teraccess.Statement]{id: created.ID}
				}
				return err
			}, func() (done bool, err error) {
				m3ter.Policies, err = readPolicies(ctx, client)
				_, done = m3ter.Policies[c.Policy]
				return done, err
			}); err != nil {
				return fmt.Errorf("policy %q: %w", c.Policy, err)
			}
		}
	}
	return each(ctx, links, progress, func(ctx context.Context, c change) error {
		if err := untilKnown(func() error {
			request := m3teraccess.PrincipalPermissionRequest{PrincipalID: c.User}
			_, err := client.AddPermissionPolicyToUser(ctx, m3ter.Policies[c.Policy].id, request)
			return err
		}, func() (done bool, err error) {
			names, err := policiesOf(ctx, client, c.User)
			return slices.Contains(names, c.Policy), err
		}); err != nil {
			return fmt.Errorf("user %s, policy %q: %w", c.User, c.Policy, err)
		}
		return nil
	})
}

// untilKnown writes until the outcome is known, or look finds that the write was done: 5 times at most.
func untilKnown(write func() error, look func() (done bool, err error)) (err error) {
	for range 5 {
		if err = write(); !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
			return err
		}
		if done, lookErr := look(); done || lookErr != nil {
			return lookErr
		}
	}
	return err
}

// each calls do for every item, 16 at a time to hide the latency; the client keeps to the rate limit. The first error
// ends it.
func each[T any](ctx context.Context, items []T, progress func(done, all int), do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i, item := range items {
		progress(i, len(items))
		group.Go(func() error { return do(ctx, item) })
	}
	err := group.Wait()
	progress(len(items), len(items))
	return err
}

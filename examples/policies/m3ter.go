package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A m3ter is the organization in m3ter, as far as it is read.
type m3ter struct {
	client   *m3teraccess.Client
	found    organization
	terminal io.Writer
}

// readAll reads the policies, and the policies of each user in m3ter or in the file.
func (m *m3ter) readAll(ctx context.Context, file organization) error {
	if err := m.readPolicies(ctx); err != nil {
		return err
	}
	ids := file.users()
	for user, err := range m3teraccess.List[struct {
		ID string `json:"id"`
	}](ctx, m.client, nil, "users") {
		if err != nil {
			return err
		}
		ids = append(ids, user.ID)
	}
	slices.Sort(ids)
	var mu sync.Mutex
	return each(ctx, m, 16, "read", slices.Compact(ids), func(ctx context.Context, id string) error {
		links, err := m.policiesOf(ctx, id)
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(m.found, links)
		return err
	})
}

// readPolicies leaves out the policies that m3ter itself manages, as policiesOf does: nobody can change them.
func (m *m3ter) readPolicies(ctx context.Context) error {
	for p, err := range m3teraccess.List[m3teraccess.PermissionPolicy](ctx, m.client, nil, "permissionpolicies") {
		s := subject{Policy: p.Name}
		if other, ok := m.found[s]; err != nil {
			return err
		} else if ok && other.id != p.ID && !p.ManagedPolicy {
			return fmt.Errorf("two policies in m3ter are named %q: %s and %s; rename or delete one", p.Name, other.id, p.ID)
		} else if !p.ManagedPolicy {
			m.found[s] = policy{p.PermissionPolicy, p.ID}
		}
	}
	return nil
}

func (m *m3ter) policiesOf(ctx context.Context, user string) (organization, error) {
	links := organization{}
	for p, err := range m.client.UserPermissions(ctx, user) {
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", user, err)
		}
		if !p.ManagedPolicy {
			links[subject{p.Name, user}] = policy{}
		}
	}
	return links, nil
}

// apply makes the changes: first the policies, one after the other, then the policies of the users.
func (m *m3ter) apply(ctx context.Context, changes []change, file organization) error {
	add := func(ctx context.Context, c change) error { return m.add(ctx, c.subject, file[c.subject]) }
	links := slices.IndexFunc(changes, func(c change) bool { return c.User != "" })
	if links < 0 {
		links = len(changes)
	}
	if err := each(ctx, m, 1, "policies", changes[:links], add); err != nil {
		return err
	}
	return each(ctx, m, 16, "users", changes[links:], add)
}

// add makes a change. After an unknown outcome, and after a conflict, which may be with an earlier attempt, it looks
// before it writes again.
func (m *m3ter) add(ctx context.Context, s subject, wanted policy) (err error) {
	isPlanned := true // the plan has just found it missing
	look := func(ctx context.Context) (version int64, err error) {
		there := m.found
		if isPlanned {
			isPlanned = false
			return 0, nil
		} else if s.User == "" {
			err = m.readPolicies(ctx)
		} else {
			there, err = m.policiesOf(ctx, s.User)
		}
		if _, ok := there[s]; ok {
			version = 1
		}
		return version, err
	}
	write := func(ctx context.Context, version int64) (written bool, err error) {
		if version > 0 {
			return false, nil
		}
		if s.User != "" {
			request := m3teraccess.PrincipalPermissionRequest{PrincipalID: s.User}
			_, err = m.client.AddPermissionPolicyToUser(ctx, m.found[subject{Policy: s.Policy}].id, request)
			return true, err
		}
		request := m3teraccess.PermissionPolicyRequest{Name: s.Policy, PermissionPolicy: wanted.statements}
		created, err := m.client.CreatePermissionPolicy(ctx, request)
		if err == nil {
			m.found[s] = policy{created.PermissionPolicy, created.ID}
		}
		return true, err
	}
	for range 10 {
		_, err = m3teraccess.RetryOnConflict(ctx, look, write)
		if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%v: %w", change{subject: s}, err)
	}
	return nil
}

// each calls do for every item, several at a time to hide the latency, and shows how many are finished. It starts them
// evenly: after a burst, a delay on the network could bring two bursts into one second. The first error ends it.
func each[T any](ctx context.Context, m *m3ter, limit int, what string, items []T,
	do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	tick := time.Tick(time.Second / 48)
	var mu sync.Mutex
	finished := 0
	for _, item := range items {
		group.Go(func() error {
			select {
			case <-tick:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := do(ctx, item); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			finished++
			fmt.Fprintf(m.terminal, "\r%s %d of %d", what, finished, len(items))
			return nil
		})
	}
	err := group.Wait()
	fmt.Fprint(m.terminal, "\r\x1b[K")
	return err
}

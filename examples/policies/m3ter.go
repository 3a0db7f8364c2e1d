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
	terminal io.Writer // for the progress
}

// readAll reads the policies, and the policies of each user in m3ter or in the file.
func (m *m3ter) readAll(ctx context.Context, file organization) error {
	lists := map[subject]bool{{}: true} // by user; the list without a user has the policies
	for s := range file {
		lists[subject{User: s.User}] = true
	}
	users := m3teraccess.List[struct {
		ID string `json:"id"`
	}](ctx, m.client, nil, "users")
	for user, err := range users {
		if err != nil {
			return err
		}
		lists[subject{User: user.ID}] = true
	}
	var mu sync.Mutex
	return m.each(ctx, 16, "read", slices.Collect(maps.Keys(lists)), func(ctx context.Context, s subject) error {
		found, err := m.read(ctx, s.User)
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(m.found, found)
		if err != nil && s.User != "" {
			err = fmt.Errorf("user %s: %w", s.User, err)
		}
		return err
	})
}

// read returns the policies of a user, or all policies if user is empty. It leaves out the policies that m3ter manages:
// nobody can change them.
func (m *m3ter) read(ctx context.Context, user string) (organization, error) {
	list, found := m.client.UserPermissions(ctx, user), organization{}
	if user == "" {
		list = m3teraccess.List[m3teraccess.PermissionPolicy](ctx, m.client, nil, "permissionpolicies")
	}
	for p, err := range list {
		s := subject{p.Name, user}
		if err != nil {
			return nil, err
		} else if other, ok := found[s]; ok && other.id != p.ID && !p.ManagedPolicy {
			return nil, fmt.Errorf("two policies in m3ter are named %q: %s and %s; rename or delete one",
				p.Name, other.id, p.ID)
		} else if !p.ManagedPolicy {
			found[s] = policy{p.PermissionPolicy, p.ID}
		}
	}
	return found, nil
}

// add makes a change. After an unknown outcome or a conflict, which an earlier attempt may have caused, it looks first.
func (m *m3ter) add(ctx context.Context, s subject, statements []m3teraccess.Statement) (err error) {
	isPlanned := true // the plan has just found it missing
	look := func(ctx context.Context) (version int64, err error) {
		if isPlanned {
			isPlanned = false
			return 0, nil
		}
		found, err := m.read(ctx, s.User)
		if p, ok := found[s]; ok {
			version = 1
			if s.User == "" {
				m.found[s] = p // its links need the id
			}
		}
		return version, err
	}
	write := func(ctx context.Context, version int64) (_ any, err error) {
		if version > 0 {
			return nil, nil
		}
		if s.User != "" {
			request := m3teraccess.PrincipalPermissionRequest{PrincipalID: s.User}
			return m.client.AddPermissionPolicyToUser(ctx, m.found[subject{Policy: s.Policy}].id, request)
		}
		request := m3teraccess.PermissionPolicyRequest{Name: s.Policy, PermissionPolicy: statements}
		created, err := m.client.CreatePermissionPolicy(ctx, request)
		if err == nil {
			m.found[s] = policy{id: created.ID}
		}
		return nil, err
	}
	for range 10 {
		_, err = m3teraccess.RetryOnConflict(ctx, look, write)
		if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
			break
		}
	}
	if err != nil {
		err = fmt.Errorf("%v: %w", change{subject: s}, err)
	}
	return err
}

// each calls do for every subject, up to limit at a time, and shows how many are finished. It starts them evenly: after
// a burst, a delay on the network could bring two bursts into one second. The first error ends it.
func (m *m3ter) each(ctx context.Context, limit int, what string, subjects []subject,
	do func(context.Context, subject) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	tick := time.Tick(time.Second / 48)
	finished := make(chan int, 1) // holds the number
	finished <- 0
	for _, s := range subjects {
		group.Go(func() error {
			select {
			case <-tick:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := do(ctx, s); err != nil {
				return err
			}
			n := 1 + <-finished
			fmt.Fprintf(m.terminal, "\r%s %d of %d", what, n, len(subjects))
			finished <- n
			return nil
		})
	}
	defer fmt.Fprint(m.terminal, "\r\x1b[K")
	return group.Wait()
}

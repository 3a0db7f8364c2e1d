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
	file     organization // what it should be
	found    organization
	progress io.Writer
}

// readAll reads the policies, and the policies of each user in m3ter or in the file.
func (m *m3ter) readAll(ctx context.Context) error {
	type user struct {
		ID string `json:"id"`
	}
	users := map[user]bool{{}: true} // the user without an id stands for the policies themselves
	for i := range m.file {
		users[user{i.User}] = true
	}
	for u, err := range m3teraccess.List[user](ctx, m.client, nil, "users") {
		if err != nil {
			return err
		}
		users[u] = true
	}
	var mu sync.Mutex
	return each(ctx, m.progress, "read", 16, slices.Collect(maps.Keys(users)), func(ctx context.Context, u user) error {
		found, err := m.read(ctx, u.ID)
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(m.found, found)
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
		i := item{p.Name, user}
		if other, ok := found[i]; err == nil && ok && other.ID != p.ID && !p.ManagedPolicy {
			err = fmt.Errorf("two policies in m3ter are named %q: %s and %s; rename or delete one", p.Name, other.ID, p.ID)
		}
		if err != nil && user != "" {
			err = fmt.Errorf("user %s: %w", user, err)
		}
		if err != nil {
			return nil, err
		}
		if !p.ManagedPolicy {
			found[i] = p
		}
	}
	return found, nil
}

// apply makes the additions of a plan, policies first: their users need the ids. It reports whether no change is left.
func (m *m3ter) apply(ctx context.Context, plan []change) (inStep bool, err error) {
	adds := make(map[bool][]change) // true: policies of users
	for _, c := range plan {
		if c.Op == "add" {
			adds[c.User != ""] = append(adds[c.User != ""], c)
		}
	}
	if err := each(ctx, m.progress, "policies", 1, adds[false], m.add); err != nil {
		return false, err
	}
	err = each(ctx, m.progress, "users", 16, adds[true], m.add)
	return len(adds[false])+len(adds[true]) == len(plan), err
}

// add makes an addition. After an unknown outcome or a conflict, an earlier attempt may have made it: add looks for the
// item before it retries.
func (m *m3ter) add(ctx context.Context, c change) (err error) {
	for range 10 {
		if c.User != "" {
			link := m3teraccess.PrincipalPermissionRequest{PrincipalID: c.User}
			_, err = m.client.AddPermissionPolicyToUser(ctx, m.found[item{Policy: c.Policy}].ID, link)
		} else {
			statements := m.file[c.item].PermissionPolicy
			request := m3teraccess.PermissionPolicyRequest{Name: c.Policy, PermissionPolicy: statements}
			var created *m3teraccess.PermissionPolicy
			if created, err = m.client.CreatePermissionPolicy(ctx, request); err == nil {
				m.found[c.item] = *created
			}
		}
		if err == nil || !errors.Is(err, m3teraccess.ErrOutcomeUnknown) && !errors.Is(err, m3teraccess.ErrConflict) {
			break
		}
		found, readErr := m.read(ctx, c.User)
		if p, ok := found[c.item]; readErr != nil || ok {
			if c.User == "" {
				m.found[c.item] = p
			}
			return readErr
		}
	}
	if err != nil {
		err = fmt.Errorf("%v: %w", c, err)
	}
	return err
}

// each calls do for each element, up to limit at a time, and shows how many are finished. It starts the calls evenly:
// after a burst, a delay on the network could bring two bursts into one second. The first error ends it.
func each[T any](ctx context.Context, progress io.Writer, what string, limit int, list []T,
	do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	tick := time.Tick(time.Second / 48)
	finished := make(chan int, 1) // holds the number
	finished <- 0
	for _, element := range list {
		group.Go(func() error {
			select {
			case <-tick:
			case <-ctx.Done():
				return ctx.Err()
			}
			err := do(ctx, element)
			n := 1 + <-finished
			fmt.Fprintf(progress, "\r%s %d of %d", what, n, len(list))
			finished <- n
			return err
		})
	}
	defer fmt.Fprint(progress, "\r\x1b[K")
	return group.Wait()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A m3ter reads and changes the organization in m3ter.
type m3ter struct {
	client *m3teraccess.Client
	found  organization // the items that have been read or created
	stderr io.Writer
}

// readAll reads all policies, and the policies of each user who is in m3ter or in the file.
func (m *m3ter) readAll(ctx context.Context, file organization) error {
	users := map[string]bool{"": true} // the user without an id stands for the policies themselves
	for i := range file {
		users[i.User] = true
	}
	type user struct {
		ID string `json:"id"`
	}
	for u, err := range m3teraccess.List[user](ctx, m.client, nil, "users") {
		if err != nil {
			return err
		}
		users[u.ID] = true
	}
	var mu sync.Mutex
	return each(ctx, m.stderr, "read", slices.Collect(maps.Keys(users)), func(ctx context.Context, user string) error {
		found, err := m.read(ctx, user)
		if err != nil && user != "" {
			return fmt.Errorf("user %s: %w", user, err)
		}
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(m.found, found)
		return err
	})
}

// read returns the policies of a user, or all policies if user is empty. It leaves out the policies that m3ter manages,
// because nobody else can change them.
func (m *m3ter) read(ctx context.Context, user string) (organization, error) {
	list, found := m.client.UserPermissions(ctx, user), organization{}
	if user == "" {
		list = m3teraccess.List[m3teraccess.PermissionPolicy](ctx, m.client, nil, "permissionpolicies")
	}
	for p, err := range list {
		if err != nil {
			return nil, err
		}
		if p.ManagedPolicy {
			continue
		}
		other, ok := found[item{p.Name, user}]
		if ok && other.ID != p.ID {
			return nil, fmt.Errorf("two policies in m3ter are named %q: %s and %s; rename or delete one", p.Name, other.ID, p.ID)
		}
		found[item{p.Name, user}] = p
	}
	return found, nil
}

// apply makes the additions of a plan. It creates the policies first, because adding a policy to a user needs the id of
// the policy.
func (m *m3ter) apply(ctx context.Context, additions []change) error {
	ofUsers := additions
	for ; len(ofUsers) > 0 && ofUsers[0].User == ""; ofUsers = ofUsers[1:] {
		if err := m.create(ctx, ofUsers[0]); err != nil {
			return err
		}
	}
	return each(ctx, m.stderr, "added", ofUsers, func(ctx context.Context, c change) error {
		_, err := m.settle(ctx, c, func() error {
			user := m3teraccess.PrincipalPermissionRequest{PrincipalID: c.User}
			_, err := m.client.AddPermissionPolicyToUser(ctx, m.found[item{Policy: c.Policy}].ID, user)
			return err
		})
		return err
	})
}

// create creates a policy, and keeps it in m.found, so that apply can add it to users.
func (m *m3ter) create(ctx context.Context, c change) error {
	var created *m3teraccess.PermissionPolicy
	existing, err := m.settle(ctx, c, func() (err error) {
		created, err = m.client.CreatePermissionPolicy(ctx, m3teraccess.PermissionPolicyRequest{Name: c.Policy, PermissionPolicy: c.File})
		return err
	})
	switch {
	case err != nil:
		return err
	case existing == nil:
		m.found[c.item] = *created
	case normal(existing.PermissionPolicy) != normal(c.File):
		return fmt.Errorf("%v: someone else has created it with other statements (id %s)", c, existing.ID)
	default:
		m.found[c.item] = *existing
	}
	return nil
}

// settle calls write until the addition has been made, at most 10 times. After an unknown outcome or a conflict, this
// call, an earlier call or someone else may have made the addition, so settle looks for the item before it calls write
// again. It creates no policy again after an unknown outcome, because m3ter may still create the first one, and names
// need not be unique. Any other error ends settle. settle returns the item that it finds, or nil if write succeeds.
func (m *m3ter) settle(ctx context.Context, c change, write func() error) (existing *m3teraccess.PermissionPolicy, err error) {
	for range 10 {
		if err = write(); err == nil {
			return nil, nil
		}
		if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) && !errors.Is(err, m3teraccess.ErrConflict) {
			break
		}
		items, readErr := m.read(ctx, c.User)
		if readErr != nil {
			return nil, fmt.Errorf("%v: %w; could not check whether the addition was made: %w", c, err, readErr)
		}
		if p, ok := items[c.item]; ok {
			return &p, nil
		}
		if c.User == "" && errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
			return nil, fmt.Errorf("%v: m3ter may still create the policy; wait a minute and run the program again: %w", c, err)
		}
	}
	return nil, fmt.Errorf("%v: %w", c, err)
}

// pace makes calls start evenly, 48 a second. The client's limiter allows a burst every 1.01 seconds. If network delays
// vary, two bursts could reach m3ter within one second.
var pace = rate.NewLimiter(48, 1)

// each calls do for each element, 16 at a time, and shows the progress. It stops at the first error.
func each[T any](ctx context.Context, stderr io.Writer, what string, list []T, do func(context.Context, T) error) error {
	progress := newProgress(stderr, what, len(list))
	defer progress.clear()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for _, element := range list {
		group.Go(func() error {
			defer progress.step()
			if err := pace.Wait(ctx); err != nil {
				return err
			}
			return do(ctx, element)
		})
	}
	return group.Wait()
}

package main

import (
	"context"
	"errors"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func (r *review) readSupport(ctx context.Context) (*m3teraccess.Support, error) {
	return m3teraccess.Get[m3teraccess.Support](ctx, r.client, "support")
}

// openSupport lets m3ter's support users in, for reading only.
func (r *review) openSupport(ctx context.Context, until time.Time) error {
	current, err := r.readSupport(ctx)
	if err != nil && !errors.Is(err, m3teraccess.ErrNotFound) {
		return err
	}
	support, err := r.client.RequestSupport(ctx, m3teraccess.SupportRequest{
		EndSupportUsersAccess:        until,
		SupportUsersPermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:*")},
		Version:                      example.SupportVersion(current),
	})
	if err != nil {
		return err
	}
	r.say("Opened support access until %s, version %d.", example.Clock(support.EndSupportUsersAccess), support.Version)
	return nil
}

// extendSupport lets support access end later. RetryOnConflict reads and writes again if someone else changed it
// between the two. Each write builds on the last read, so that the other change isn't lost.
func (r *review) extendSupport(ctx context.Context, by time.Duration) error {
	attempts := 0
	var before *m3teraccess.Support // what the last attempt was made of
	write := func(ctx context.Context, current *m3teraccess.Support) (*m3teraccess.Support, error) {
		if before = current; current == nil {
			return nil, errors.New("there is no support access that could be extended; see -support-until")
		}
		if attempts++; attempts == 1 && r.meanwhile != nil {
			if err := r.meanwhile(ctx, current); err != nil {
				return nil, err
			}
		}
		support, err := r.client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        current.EndSupportUsersAccess.Add(by),
			SupportUsersPermissionPolicy: current.SupportUsersPermissionPolicy,
			Version:                      current.Version,
		})
		if errors.Is(err, m3teraccess.ErrVersionConflict) {
			r.say("Attempt %d, with version %d, was refused: someone else updated it first.", attempts, current.Version)
		}
		return support, err
	}
	support, err := m3teraccess.RetryOnConflict(ctx, r.readSupport, write)
	if err != nil {
		return err
	}
	r.say("Attempt %d, with version %d, succeeded: the end of support access moved from %s to %s, version %d.",
		attempts, before.Version, example.Clock(before.EndSupportUsersAccess), example.Clock(support.EndSupportUsersAccess), support.Version)
	if attempts > 1 {
		r.say("Both changes stand: ours was made on top of the other one.")
	}
	return nil
}

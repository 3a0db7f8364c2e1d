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

// openSupport lets m3ter's support users read the configuration until the given time.
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
	r.logf("Opened support access until %s, version %d.", example.Clock(support.EndSupportUsersAccess), support.Version)
	return nil
}

// extendSupport extends support access. RetryOnConflict repeats the read and the write if someone else changes the
// access in between. Each write is based on the latest read, so the write keeps the other person's change.
func (r *review) extendSupport(ctx context.Context, by time.Duration) error {
	writes := 0
	var before *m3teraccess.Support // the access that the last write is based on
	write := func(ctx context.Context, current *m3teraccess.Support) (*m3teraccess.Support, error) {
		if before = current; current == nil {
			return nil, errors.New("there is no support access to extend; open it with -support-until")
		}
		if writes++; writes == 1 && r.meanwhile != nil {
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
			r.logf("Write %d, based on version %d, was refused: someone else updated support access first.", writes, current.Version)
		}
		return support, err
	}
	support, err := m3teraccess.RetryOnConflict(ctx, r.readSupport, write)
	if err != nil {
		return err
	}
	r.logf("Write %d, based on version %d, succeeded: the end of support access moved from %s to %s, version %d.",
		writes, before.Version, example.Clock(before.EndSupportUsersAccess), example.Clock(support.EndSupportUsersAccess), support.Version)
	if writes > 1 {
		r.logf("The last write overwrote no change, because it was based on the latest version.")
	}
	return nil
}

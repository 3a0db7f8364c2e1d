package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// revokeTime bounds the revoking. Another interrupt does not end it: it matters more than a little patience.
const revokeTime = 15 * time.Second

// revoke lets the access end that open has opened, or may have opened. m3ter has no call for that, so it moves the end to
// now. Whether m3ter takes an end that is not in the future is not documented; a refusal is reported like any other.
func (g *grant) revoke(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime) // for ctx may have ended by the interrupt
	defer cancel()
	now := time.Now().Truncate(time.Second)
	for {
		err := g.endAt(ctx, now)
		if errors.Is(err, m3teraccess.ErrOutcomeUnknown) && sleep(ctx, time.Second) {
			continue // which begins with a look at what became of it
		}
		if err == nil || errors.Is(err, errChanged) {
			return err
		}
		if !g.until.After(time.Now()) {
			g.say("Support access ended at its time, %s; it could not be revoked before: %v", example.Clock(g.until), err)
			return nil
		}
		return fmt.Errorf("SUPPORT ACCESS STAYS OPEN until %s, as far as is known, since it could not be revoked (to revoke it: grant -for 1s -replace): %w",
			example.Clock(g.until), err)
	}
}

var (
	errEnded   = errors.New("support access has ended")
	errChanged = errors.New("somebody else has changed support access")
)

// endAt lets support access end now, unless it has ended already, or is somebody else's by now.
func (g *grant) endAt(ctx context.Context, now time.Time) error {
	var current *m3teraccess.Support
	read := func(ctx context.Context) (version int64, err error) {
		if current, err = example.ReadSupport(ctx, g.client); err != nil {
			return 0, err
		}
		end := current.EndSupportUsersAccess
		switch {
		case current.Version == g.version:
			// What open sent was not done, and may still be done. One of the two writes with this version will be refused:
			// that one, or ours, which then comes again.
			return current.Version, nil
		case !end.After(now):
			return 0, errEnded
		case !end.Equal(g.until):
			return 0, fmt.Errorf("%w: it is open until %s, and is left so", errChanged, example.Clock(end))
		}
		return current.Version, nil
	}
	write := func(ctx context.Context, version int64) (*m3teraccess.Support, error) {
		return g.client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        now,
			SupportUsersPermissionPolicy: current.SupportUsersPermissionPolicy,
			Version:                      version,
		})
	}
	ended, err := m3teraccess.RetryOnConflict(ctx, read, write)
	if errors.Is(err, errEnded) {
		g.say("Support access ended at %s, version %d.", example.Clock(current.EndSupportUsersAccess), current.Version)
		return nil
	}
	if err != nil {
		return err
	}
	g.say("Revoked: support access ended at %s, version %d.", example.Clock(ended.EndSupportUsersAccess), ended.Version)
	return nil
}

// sleep tells whether it slept as long as it should, and ctx has not ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

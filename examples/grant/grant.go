package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A grant is one run of the program.
type grant struct {
	client *m3teraccess.Client
	say    func(format string, args ...any) // tells the person in front of it what happens

	until   time.Time // when the access ends that it opens
	version int64     // the one that it opens the access with
}

// run opens support access, and waits for its end. When it is interrupted before, it revokes the access.
func (g *grant) run(ctx context.Context, o *options) error {
	err := g.open(ctx, o)
	if errors.Is(err, m3teraccess.ErrOutcomeUnknown) { // it may be open, or may soon be
		g.say("Whether support access is open is unknown, so it is revoked: %v", err)
		if err := g.revoke(ctx); err != nil {
			return err
		}
		return errors.New("opening support access failed, and it is not open")
	}
	if err != nil {
		return fmt.Errorf("support access was not opened: %w", err)
	}
	select {
	case <-time.After(time.Until(g.until)):
		g.say("The time is over: support access has ended.")
		return nil
	case <-ctx.Done():
		g.say("Interrupted: support access is revoked, which may take up to %v.", revokeTime)
		return g.revoke(ctx)
	}
}

// open opens support access. RetryOnConflict reads and writes again when somebody else changed it between the two.
func (g *grant) open(ctx context.Context, o *options) error {
	// A whole second, so that it comes back as it was sent. Rounded up, lest support have less time than it was given.
	g.until = time.Now().Add(o.duration + time.Second - time.Nanosecond).Truncate(time.Second)
	read := func(ctx context.Context) (int64, error) {
		current, err := example.ReadSupport(ctx, g.client)
		if err != nil {
			return 0, err
		}
		if end := current.EndSupportUsersAccess; end.After(time.Now()) && !o.replace {
			return 0, fmt.Errorf("it is open until %s already; see -replace", example.Clock(end))
		}
		return current.Version, nil
	}
	write := func(ctx context.Context, version int64) (*m3teraccess.Support, error) {
		g.version = version // 0 in the first request of an organization
		return g.client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        g.until,
			SupportUsersPermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(o.actions...).On(o.resources...)},
			Version:                      version,
		})
	}
	support, err := m3teraccess.RetryOnConflict(ctx, read, write)
	if err != nil {
		return err
	}
	g.until = cmp.Or(support.EndSupportUsersAccess, g.until) // the service has the last word
	g.say("Support access is open until %s, version %d. Interrupt to revoke it before.", example.Clock(g.until), support.Version)
	return nil
}

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
	logf   func(format string, args ...any) // prints a message for the user

	statements []m3teraccess.Statement // what support users may do
	until      time.Time               // the end of the access
	version    int64                   // the version in the request that opens the access
}

// run opens support access, and waits for its end. If ctx is done first, run revokes the access.
func (g *grant) run(ctx context.Context, o *options) error {
	g.statements = []m3teraccess.Statement{m3teraccess.Allow(o.actions...).On(o.resources...)}
	// If a time has no fraction of a second, m3ter returns the time unchanged. Rounding up gives support users at least
	// the requested time.
	g.until = time.Now().Add(o.duration + time.Second - time.Nanosecond).Truncate(time.Second)
	g.announce()
	err := g.open(ctx, o.replace)
	if errors.Is(err, m3teraccess.ErrOutcomeUnknown) { // the access may be open, or may open soon
		g.logf("It is unknown whether support access is open, so grant revokes it: %v", err)
		if err := g.revoke(ctx); err != nil {
			return err
		}
		return errors.New("could not open support access; it is not open")
	}
	if err != nil {
		return fmt.Errorf("support access was not opened: %w", err)
	}
	select {
	case <-time.After(time.Until(g.until)):
		return g.checkEnded(ctx)
	case <-ctx.Done():
		g.logf("Interrupted: grant revokes support access, which may take up to %v.", revokeTimeout)
		return g.revoke(ctx)
	}
}

// announce says what the run is about to do, before the first change.
func (g *grant) announce() {
	end := tomorrow()
	g.logf("grant opens support access until %s, for: %v.", example.Clock(g.until), g.statements[0])
	if g.until.Before(end) {
		g.logf("According to m3ter's guide, support access lasts at least until the end of the day. If m3ter enforces this rule, it refuses an end before %s.", example.Clock(end))
	}
	g.logf("An interrupt ends the access at once, and removes every permission. If m3ter refuses to end the access today, "+
		"the access stays open until %s, without permissions.", example.Clock(end))
}

// open opens support access. RetryOnConflict repeats read and write if someone else changes the access in between.
func (g *grant) open(ctx context.Context, replace bool) error {
	read := func(ctx context.Context) (*m3teraccess.Support, error) {
		current, err := g.read(ctx)
		if err != nil {
			return nil, err
		}
		if end := current.EndSupportUsersAccess; end.After(time.Now()) && !replace {
			return nil, fmt.Errorf("it is already open until %s; use -replace to replace it", example.Clock(end))
		}
		return current, nil
	}
	write := func(ctx context.Context, current *m3teraccess.Support) (*m3teraccess.Support, error) {
		g.version = example.SupportVersion(current)
		return g.client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        g.until,
			SupportUsersPermissionPolicy: g.statements,
			Version:                      g.version,
		})
	}
	support, err := m3teraccess.RetryOnConflict(ctx, read, write)
	if err != nil {
		return err
	}
	g.until = cmp.Or(support.EndSupportUsersAccess, g.until) // m3ter may choose another end
	g.logf("Support access is open until %s, version %d. Press Ctrl-C to revoke it early.", example.Clock(g.until), support.Version)
	return nil
}

func (g *grant) read(ctx context.Context) (*m3teraccess.Support, error) {
	return m3teraccess.Get[m3teraccess.Support](ctx, g.client, "support")
}

// checkEnded checks that the access has ended on time, because someone else may have extended it.
func (g *grant) checkEnded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	current, err := g.read(ctx)
	switch {
	case err != nil && !errors.Is(err, m3teraccess.ErrNotFound):
		return g.endUnknown(err)
	case err == nil && current.EndSupportUsersAccess.After(time.Now()):
		return changed(current)
	}
	g.logf("The time is up: support access has ended.")
	return nil
}

// endUnknown returns the error of a run if the time is up, and the program can't find out whether the access has
// ended.
func (g *grant) endUnknown(err error) error {
	return fmt.Errorf("support access was due to end at %s; it is unknown whether it has ended: %w", example.Clock(g.until), err)
}

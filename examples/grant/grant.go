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

	statements []m3teraccess.Statement // what it lets support users do
	until      time.Time               // when the access ends that it opens
	version    int64                   // the one that it opens the access with
}

// run opens support access, and waits for its end. When it is interrupted before, it revokes the access.
func (g *grant) run(ctx context.Context, o *options) error {
	g.statements = []m3teraccess.Statement{m3teraccess.Allow(o.actions...).On(o.resources...)}
	// A whole second, so that it comes back as it was sent. Rounded up, lest support have less time than it was given.
	g.until = time.Now().Add(o.duration + time.Second - time.Nanosecond).Truncate(time.Second)
	g.announce()
	err := g.open(ctx, o.replace)
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
		return g.checkEnded(ctx)
	case <-ctx.Done():
		g.say("Interrupted: support access is revoked, which may take up to %v.", revokeTime)
		return g.revoke(ctx)
	}
}

// announce says what will happen, before anything is changed.
func (g *grant) announce() {
	end := tomorrow()
	g.say("This opens support access until %s, for: %v.", example.Clock(g.until), g.statements[0])
	if g.until.Before(end) {
		g.say("m3ter's guide has support access last until the day is over; a service that insists on it refuses an end before %s.", example.Clock(end))
	}
	g.say("An interrupt lets the access end at once, and takes all statements away. A service that refuses an end of now "+
		"keeps the access open until %s, without statements.", example.Clock(end))
}

// open opens support access. RetryOnConflict reads and writes again if someone else changed it between the two.
func (g *grant) open(ctx context.Context, replace bool) error {
	read := func(ctx context.Context) (*m3teraccess.Support, error) {
		current, err := g.read(ctx)
		if err != nil {
			return nil, err
		}
		if end := current.EndSupportUsersAccess; end.After(time.Now()) && !replace {
			return nil, fmt.Errorf("it is open until %s already; see -replace", example.Clock(end))
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
	g.until = cmp.Or(support.EndSupportUsersAccess, g.until) // m3ter has the last word
	g.say("Support access is open until %s, version %d. Press Ctrl-C to revoke it early.", example.Clock(g.until), support.Version)
	return nil
}

func (g *grant) read(ctx context.Context) (*m3teraccess.Support, error) {
	return m3teraccess.Get[m3teraccess.Support](ctx, g.client, "support")
}

// checkEnded looks whether the access has ended, now that its time is over: someone else may have extended it.
func (g *grant) checkEnded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime)
	defer cancel()
	current, err := g.read(ctx)
	switch {
	case err != nil && !errors.Is(err, m3teraccess.ErrNotFound):
		return g.unseen(err)
	case err == nil && current.EndSupportUsersAccess.After(time.Now()):
		return changed(current)
	}
	g.say("The time is over: support access has ended.")
	return nil
}

// unseen is the error of a run whose time is over, while m3ter does not tell whether the access is over.
func (g *grant) unseen(err error) error {
	return fmt.Errorf("support access was to end at %s; whether it has ended is unknown: %w", example.Clock(g.until), err)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// revokeTime bounds the revoking. Another interrupt does not end it: it matters more than a little patience.
const revokeTime = 15 * time.Second

// tomorrow is the earliest end of support access that m3ter's guide knows. It is a day of UTC, as m3ter's times are.
func tomorrow() time.Time {
	const day = 24 * time.Hour
	return time.Now().Truncate(day).Add(day)
}

// revoke closes the access that open has opened, or may have opened. m3ter has no call for that, so it takes all
// statements away and moves the end to now; or to tomorrow, where now is refused.
func (g *grant) revoke(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime) // for ctx may have ended by the interrupt
	defer cancel()
	left, err := g.endAt(ctx, time.Now().Truncate(time.Second))
	if isRefused(err) {
		end := tomorrow()
		g.say("An end of now is refused (%v), so support access is to end at %s, without statements.", err, example.Clock(end))
		left, err = g.endAt(ctx, end)
	}
	switch {
	case err == nil:
		return g.report(left)
	case errors.Is(err, errChanged):
		return err
	case !g.until.After(time.Now()):
		return g.unseen(err)
	}
	return fmt.Errorf("SUPPORT ACCESS STAYS OPEN until %s for: %s; as far as is known, since it could not be revoked (to revoke it: grant -for 1s -replace, or m3ter's console): %w",
		example.Clock(g.until), sentences(g.statements), err)
}

// isRefused reports whether m3ter refuses the content of a request, not its sender.
func isRefused(err error) bool {
	refused := (*m3teraccess.Error)(nil)
	return errors.As(err, &refused) &&
		slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity}, refused.StatusCode)
}

// report tells what is left of the access: m3ter has the last word, also on the statements.
func (g *grant) report(left *m3teraccess.Support) error {
	end := example.Clock(left.EndSupportUsersAccess)
	if !left.EndSupportUsersAccess.After(time.Now()) {
		g.say("Support access ended at %s, version %d.", end, left.Version)
		return nil
	}
	if len(left.SupportUsersPermissionPolicy) == 0 {
		return fmt.Errorf("support access stays open until %s, without statements, version %d", end, left.Version)
	}
	return fmt.Errorf("SUPPORT ACCESS STAYS OPEN until %s for: %s; version %d", end, sentences(left.SupportUsersPermissionPolicy), left.Version)
}

func sentences(statements []m3teraccess.Statement) string {
	var each []string
	for _, s := range statements {
		each = append(each, s.String())
	}
	return strings.Join(each, "; ")
}

var errChanged = errors.New("someone else has changed support access")

func changed(current *m3teraccess.Support) error {
	return fmt.Errorf("%w: it is open until %s, and is left so", errChanged, example.Clock(current.EndSupportUsersAccess))
}

// endAt lets support access end, without statements, and returns what is left of it. Where the outcome is unknown, it
// begins anew with a look at what became of it.
func (g *grant) endAt(ctx context.Context, end time.Time) (*m3teraccess.Support, error) {
	for {
		left, err := g.tryToEndAt(ctx, end)
		if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) || !sleep(ctx, time.Second) {
			return left, err
		}
	}
}

// tryToEndAt changes nothing where the access is closed already, or belongs to someone else by now.
func (g *grant) tryToEndAt(ctx context.Context, end time.Time) (*m3teraccess.Support, error) {
	read := func(ctx context.Context) (*m3teraccess.Support, error) {
		current, err := g.read(ctx)
		if err != nil || current.Version == g.version || isClosed(current, end) || current.EndSupportUsersAccess.Equal(g.until) {
			return current, err
		}
		return nil, changed(current)
	}
	write := func(ctx context.Context, current *m3teraccess.Support) (*m3teraccess.Support, error) {
		version := example.SupportVersion(current)
		// With the version that open sent, what it sent was not done, and may still be. One of the two writes with this
		// version will be refused: that one, or ours, which is then retried.
		if version != g.version && isClosed(current, end) {
			return current, nil
		}
		return g.client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        end,
			SupportUsersPermissionPolicy: []m3teraccess.Statement{}, // nil would leave the choice to m3ter
			Version:                      version,
		})
	}
	return m3teraccess.RetryOnConflict(ctx, read, write)
}

// isClosed reports whether the access has ended, or is as endAt leaves it.
func isClosed(current *m3teraccess.Support, end time.Time) bool {
	ends := current.EndSupportUsersAccess
	return !ends.After(time.Now()) || ends.Equal(end) && len(current.SupportUsersPermissionPolicy) == 0
}

// sleep reports whether the whole time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

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

// revokeTimeout bounds revoke and checkEnded. A second interrupt does not stop revoke, because closing the access is
// worth the wait.
const revokeTimeout = 15 * time.Second

// tomorrow returns the earliest end of support access according to m3ter's guide: the start of the next day. The day is
// in UTC, like m3ter's times.
func tomorrow() time.Time {
	const day = 24 * time.Hour
	return time.Now().Truncate(day).Add(day)
}

// revoke closes the access that open has opened, or may have opened. m3ter has no operation for this, so revoke removes
// all statements and sets the end to now. If m3ter refuses this end, revoke sets the end to tomorrow.
func (g *grant) revoke(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout) // an interrupt cancels ctx
	defer cancel()
	support, err := g.endAt(ctx, time.Now().Truncate(time.Second))
	if isRefused(err) {
		end := tomorrow()
		g.logf("m3ter refuses to end support access now (%v), so grant sets the end to %s, and removes every permission.", err, example.Clock(end))
		support, err = g.endAt(ctx, end)
	}
	switch {
	case err == nil:
		return g.report(support)
	case errors.Is(err, errChanged):
		return err
	case !g.until.After(time.Now()):
		return g.endUnknown(err)
	}
	return fmt.Errorf("SUPPORT ACCESS STAYS OPEN until %s for: %s; this is the last known state, because grant could not revoke the access (to revoke the access, try grant -for 1s -replace, or use m3ter's console): %w",
		example.Clock(g.until), sentences(g.statements), err)
}

// isRefused reports whether m3ter refused a request because of its content, not because of its sender.
func isRefused(err error) bool {
	var refused *m3teraccess.Error
	return errors.As(err, &refused) &&
		slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity}, refused.StatusCode)
}

// report reports the state of the access after revoke, because m3ter may have kept another end or other statements.
func (g *grant) report(support *m3teraccess.Support) error {
	end := example.Clock(support.EndSupportUsersAccess)
	if !support.EndSupportUsersAccess.After(time.Now()) {
		g.logf("Support access ended at %s, version %d.", end, support.Version)
		return nil
	}
	if len(support.SupportUsersPermissionPolicy) == 0 {
		return fmt.Errorf("support access stays open until %s, without permissions, version %d", end, support.Version)
	}
	return fmt.Errorf("SUPPORT ACCESS STAYS OPEN until %s for: %s; version %d", end, sentences(support.SupportUsersPermissionPolicy), support.Version)
}

func sentences(statements []m3teraccess.Statement) string {
	var texts []string
	for _, s := range statements {
		texts = append(texts, s.String())
	}
	return strings.Join(texts, "; ")
}

var errChanged = errors.New("someone else has changed support access")

func changed(current *m3teraccess.Support) error {
	return fmt.Errorf("%w: it is open until %s, and grant leaves it unchanged", errChanged, example.Clock(current.EndSupportUsersAccess))
}

// endAt sets the end of support access, removes all statements, and returns the resulting access. After an unknown
// outcome, endAt starts over, and reads the access first.
func (g *grant) endAt(ctx context.Context, end time.Time) (*m3teraccess.Support, error) {
	for {
		support, err := g.setEnd(ctx, end)
		if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) || !sleep(ctx, time.Second) {
			return support, err
		}
	}
}

// setEnd makes the change for endAt. If the access that open opened is already closed, or if someone else set another
// end, setEnd changes nothing.
func (g *grant) setEnd(ctx context.Context, end time.Time) (*m3teraccess.Support, error) {
	read := func(ctx context.Context) (*m3teraccess.Support, error) {
		current, err := g.read(ctx)
		if err != nil || current.Version == g.version || isClosed(current, end) || current.EndSupportUsersAccess.Equal(g.until) {
			return current, err
		}
		return nil, changed(current)
	}
	write := func(ctx context.Context, current *m3teraccess.Support) (*m3teraccess.Support, error) {
		if current == nil && g.version != 0 {
			return nil, errors.New("m3ter no longer has the support request")
		}
		version := example.SupportVersion(current)
		// If the version is still the one that open sent, m3ter has not carried out the write of open, but may still do so.
		// m3ter accepts only one of the two writes with this version. If it refuses the write of setEnd, RetryOnConflict
		// retries.
		if version != g.version && isClosed(current, end) {
			return current, nil
		}
		return g.client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        end,
			SupportUsersPermissionPolicy: []m3teraccess.Statement{}, // with nil, m3ter would choose the statements
			Version:                      version,
		})
	}
	return m3teraccess.RetryOnConflict(ctx, read, write)
}

// isClosed reports whether the access has ended, or is in the state that endAt sets.
func isClosed(current *m3teraccess.Support, end time.Time) bool {
	currentEnd := current.EndSupportUsersAccess
	return !currentEnd.After(time.Now()) || currentEnd.Equal(end) && len(current.SupportUsersPermissionPolicy) == 0
}

// sleep waits for d, and reports whether d passed before ctx was done.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

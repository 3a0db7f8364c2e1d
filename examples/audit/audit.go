package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// An audit is one run of the program.
type audit struct {
	client   *m3teraccess.Client
	parallel int // number of users whose policies are fetched at once
	display  *display

	done, failed int // number of users whose policies were written, and of users with an error
}

// run fetches the policies of each user, and reports each user as soon as it has all policies of the user.
func (a *audit) run(ctx context.Context, users iter.Seq[user]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // stops the workers if run returns early
	defer a.display.update("")
	results := a.fetchAll(ctx, users)
	begin, ticks := time.Now(), time.Tick(250*time.Millisecond)
	for {
		select {
		case r, more := <-results:
			if !more {
				return a.sumUp(ctx, time.Since(begin))
			}
			if err := a.report(r); err != nil {
				return err
			}
		case <-ticks:
			a.display.update(fmt.Sprintf("%v, %v", a, time.Since(begin).Round(time.Second)))
		case <-ctx.Done():
			return a.sumUp(ctx, time.Since(begin))
		}
	}
}

// A result holds the policies that were added to a user. If err is set, it says why they are missing.
type result struct {
	user
	policies []m3teraccess.PermissionPolicy
}

// fetchAll fetches the policies of many users at once. The client applies the rate limit.
func (a *audit) fetchAll(ctx context.Context, users iter.Seq[user]) <-chan result {
	work := make(chan user)
	go func() {
		defer close(work)
		for u := range users {
			if !send(ctx, work, u) {
				return
			}
		}
	}()
	results := make(chan result)
	var workers sync.WaitGroup
	for range a.parallel {
		workers.Go(func() {
			for u := range work {
				if !send(ctx, results, a.fetch(ctx, u)) {
					return
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	return results
}

// send sends a value, and reports whether a receiver took the value before ctx was done.
func send[T any](ctx context.Context, channel chan<- T, value T) bool {
	select {
	case channel <- value:
		return true
	case <-ctx.Done():
		return false
	}
}

// fetch fetches all policies of a user. It requests the largest pages, to send as few requests as possible.
func (a *audit) fetch(ctx context.Context, u user) result {
	r := result{user: u, policies: []m3teraccess.PermissionPolicy{}} // not nil, because encoding/json encodes a nil slice as null
	if u.err != nil {
		return r
	}
	for policy, err := range a.client.UserPermissions(ctx, u.id, m3teraccess.PageParams{PageSize: 200}) {
		if err != nil {
			r.err = fmt.Errorf("user %q: %w", u.id, err)
			return r
		}
		r.policies = append(r.policies, policy)
	}
	return r
}

// report writes the line of a user, or a message. It returns an error only if the audit can't continue.
func (a *audit) report(r result) error {
	var authError *m3teraccess.AuthError
	if errors.As(r.err, &authError) {
		return authError // the calls for all other users would fail, too
	}
	line, err := r.encode()
	if err != nil {
		a.failed++
		a.display.logf("%s%v", r.place(), err)
		return nil
	}
	if err := a.display.write(line); err != nil {
		return fmt.Errorf("%v: %w", a, err)
	}
	a.done++
	return nil
}

// encode returns the line of the result. An error affects only the user of the result.
func (r result) encode() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	line, err := json.Marshal(struct {
		User     string                         `json:"user"`
		Policies []m3teraccess.PermissionPolicy `json:"policies"`
	}{r.id, r.policies})
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", r.id, err)
	}
	return append(line, '\n'), nil
}

// sumUp returns an error unless audit got the policies of every user. It checks ctx first, because an interrupt also
// ends the results.
func (a *audit) sumUp(ctx context.Context, took time.Duration) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%v, other users skipped: %w", a, context.Cause(ctx))
	case a.done+a.failed == 0:
		return errors.New("the list of users is empty")
	case a.failed > 0:
		return errors.New(a.String())
	}
	a.display.logf("%v in %v", a, took.Round(100*time.Millisecond))
	return nil
}

// String returns the progress of the audit.
func (a *audit) String() string { return fmt.Sprintf("users done: %d, failed: %d", a.done, a.failed) }

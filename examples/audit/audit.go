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
	parallel int // how many users are asked for at once
	display  *display

	done, failed int
}

// run asks for the policies of all users, and reports each user as soon as it is done.
func (a *audit) run(ctx context.Context, users iter.Seq[user]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // for those who are at work when this ends early
	defer a.display.update("")
	results := a.askAll(ctx, users)
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

// A result is the policies that were added to a user, or, in its err, why they are not known.
type result struct {
	user
	policies []m3teraccess.PermissionPolicy
}

// askAll asks for many users at once. How many may leave in a second is the client's care.
func (a *audit) askAll(ctx context.Context, users iter.Seq[user]) <-chan result {
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
				if !send(ctx, results, a.ask(ctx, u)) {
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

// send reports whether the value was taken before ctx ended.
func send[T any](ctx context.Context, to chan<- T, value T) bool {
	select {
	case to <- value:
		return true
	case <-ctx.Done():
		return false
	}
}

// ask fetches all policies of a user, with as few calls as possible.
func (a *audit) ask(ctx context.Context, u user) result {
	r := result{user: u, policies: []m3teraccess.PermissionPolicy{}} // not nil, which JSON has as null
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

// report returns an error when there is no use in going on.
func (a *audit) report(r result) error {
	var noToken *m3teraccess.AuthError
	if errors.As(r.err, &noToken) {
		return noToken // nor is there one for the other users
	}
	line, err := r.encode()
	if err != nil {
		a.failed++
		a.display.say("%s%v", r.place(), err)
		return nil
	}
	if err := a.display.write(line); err != nil {
		return fmt.Errorf("%v: %w", a, err)
	}
	a.done++
	return nil
}

// encode makes a line of the result. One that can't be encoded is a failure of its user only.
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

// sumUp returns an error unless every user was done. An interrupt ends the results too.
func (a *audit) sumUp(ctx context.Context, took time.Duration) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%v, the others not done: %w", a, context.Cause(ctx))
	case a.done+a.failed == 0:
		return errors.New("there are no users: the list of them is empty")
	case a.failed > 0:
		return errors.New(a.String())
	}
	a.display.say("%v in %v", a, took.Round(100*time.Millisecond))
	return nil
}

// String tells how far the audit is.
func (a *audit) String() string { return fmt.Sprintf("users done: %d, failed: %d", a.done, a.failed) }

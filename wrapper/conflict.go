package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	conflictAttempts = 10                     // if the context has no deadline
	conflictPause    = 100 * time.Millisecond // the longest backoff before the second write; doubles each time
	conflictMaxPause = time.Second            // the longest backoff of all
)

// RetryOnConflict updates an entity that others may update concurrently. It calls read for the current state, and write
// with that state. If write fails with [ErrVersionConflict], the state is no longer current. RetryOnConflict then waits
// for a random time, whose bound grows to 1 second, and calls both functions again. It gives up when ctx is done, or if
// the wait would last beyond the deadline of ctx. If ctx has no deadline, it also gives up after 10 writes. For support
// access, read can be:
//
//	read := func(ctx context.Context) (*m3teraccess.Support, error) {
//		return m3teraccess.Get[m3teraccess.Support](ctx, client, "support")
//	}
//
// If the error of read matches [ErrNotFound], the entity does not exist yet, and RetryOnConflict calls write with the
// zero value of C. C may be int64, for the version alone. A version of 0 then also means that the entity does not exist
// yet. If the entity did not exist, and write fails because someone else has created the entity in the meantime,
// RetryOnConflict retries.
//
// Each time that RetryOnConflict calls write, write must start from the state that read has just returned. A write that
// starts from another state overwrites the updates of others.
//
// RetryOnConflict returns an error of read that does not match [ErrNotFound], and an error of write that is not a
// conflict, unchanged. If RetryOnConflict gives up before or during a wait, or after 10 writes, its error wraps the
// last conflict and says why. It does not retry a write whose outcome is unknown ([ErrOutcomeUnknown]).
func RetryOnConflict[C, T any](ctx context.Context, read func(context.Context) (C, error), write func(context.Context, C) (T, error)) (T, error) {
	var none T
	if err := begin(ctx); err != nil {
		return none, err
	}
	_, hasDeadline := ctx.Deadline()
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return none, fmt.Errorf("m3teraccess: RetryOnConflict: %w", err)
		}
		current, err := read(ctx)
		isNew := errors.Is(err, ErrNotFound)
		if isNew {
			current = *new(C)
		} else if err != nil {
			return none, err
		}
		if version, ok := any(current).(int64); ok && version == 0 {
			isNew = true
		}
		result, err := write(ctx, current)
		if err == nil || !isConflict(err, isNew) {
			return result, err
		}
		if attempt == conflictAttempts && !hasDeadline {
			return none, fmt.Errorf("m3teraccess: RetryOnConflict: giving up after %d writes: %w", attempt, err)
		}
		longest := min(conflictPause<<min(attempt-1, 10), conflictMaxPause)
		if ended := pause(ctx, rand.N(longest)); ended != nil {
			return none, fmt.Errorf("m3teraccess: RetryOnConflict: giving up: %w; the last error: %w", ended, err)
		}
	}
}

// isConflict reports whether a write failed because someone else updated or, if isNew, created the entity first.
func isConflict(err error, isNew bool) bool {
	if errors.Is(err, ErrOutcomeUnknown) {
		return false
	}
	refused := (*Error)(nil)
	created := isNew && errors.As(err, &refused) && refused.refusesVersion
	return created || errors.Is(err, ErrVersionConflict)
}

package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	conflictAttempts = 10                     // of a call whose context has no deadline
	conflictPause    = 100 * time.Millisecond // the longest before the second attempt; it doubles with each further one
	conflictMaxPause = time.Second            // where the doubling ends
)

// RetryOnConflict changes what others may change at the same time. It calls read for the current state and write with
// that state. When write fails with [ErrVersionConflict], someone else has changed it in between, and both run again after
// a random pause that grows to a second: until the deadline of ctx, or 10 times in all where ctx has none.
//
//	read := func(ctx context.Context) (*m3teraccess.Support, error) {
//		return m3teraccess.Get[m3teraccess.Support](ctx, client, "support")
//	}
//
// An error of read that matches [ErrNotFound] says that there is nothing yet: write gets the zero C, and a refusal is a
// conflict too where it says that someone else has created it. So it is with a C of int64 and a current version of 0.
// Any other error of read ends the call.
//
// Build what is written from what read returns, on every attempt: else a change of someone else is lost.
//
// The error is that of read or of the last write, with the reason for giving up around it. A write whose outcome is
// unknown ([ErrOutcomeUnknown]) is not repeated, even where it failed by a conflict: the conflict may be with itself.
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
			return none, fmt.Errorf("m3teraccess: RetryOnConflict: giving up after %d attempts: %w", attempt, err)
		}
		longest := min(conflictPause<<min(attempt-1, 10), conflictMaxPause)
		if ended := pause(ctx, rand.N(longest)); ended != nil {
			return none, fmt.Errorf("m3teraccess: RetryOnConflict: %w after %w", ended, err)
		}
	}
}

// isConflict tells whether a write was refused since someone else was faster; isNew, whether it was to create.
func isConflict(err error, isNew bool) bool {
	if errors.Is(err, ErrOutcomeUnknown) {
		return false
	}
	refused := (*Error)(nil)
	created := isNew && errors.As(err, &refused) && refused.refusesVersion
	return created || errors.Is(err, ErrVersionConflict)
}

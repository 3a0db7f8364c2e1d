package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	conflictAttempts = 5
	conflictPause    = 100 * time.Millisecond // at most, before the second attempt; doubled before each further one
)

// RetryOnConflict changes an entity that others may change at the same time. It calls read for the current version and
// write with that version; when write fails with [ErrVersionConflict], since somebody was faster, both run again, 5
// times in all, with a short random pause between, which ends with ctx. A read of version 0, which is for read to make of
// a 404, says that there is nothing yet; that somebody has created it meanwhile counts as a conflict too.
//
// Build what is written from what read sees, on every try: else the change of whoever was faster is lost. read is
// usually [Client.Do] on GET .../support or GET .../resourcegroups/{type}/{id}.
//
// The error is that of read or of the last write, unchanged but for what is said around it. A write whose outcome is
// unknown ([ErrOutcomeUnknown]) is not tried again, even if it failed by a conflict: the conflict may be with itself.
func RetryOnConflict[T any](ctx context.Context, read func(context.Context) (int64, error), write func(context.Context, int64) (T, error)) (T, error) {
	var zero T
	if ctx == nil {
		return zero, invalid("RetryOnConflict: context", allowedContext, "is nil")
	}
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return zero, fmt.Errorf("m3teraccess: RetryOnConflict: %w", err)
		}
		version, err := read(ctx)
		if err != nil {
			return zero, err
		}
		result, err := write(ctx, version)
		if err == nil || !isConflict(err, version) {
			return result, err
		}
		if attempt == conflictAttempts {
			return zero, fmt.Errorf("m3teraccess: RetryOnConflict: gave up after %d attempts: %w", attempt, err)
		}
		if ended := sleep(ctx, rand.N(conflictPause<<(attempt-1))); ended != nil {
			return zero, fmt.Errorf("m3teraccess: RetryOnConflict: %w after %w", ended, err)
		}
	}
}

// isConflict tells whether somebody was faster than a write that was given the version.
func isConflict(err error, version int64) bool {
	if errors.Is(err, ErrOutcomeUnknown) {
		return false
	}
	refused := (*Error)(nil)
	created := version == 0 && errors.As(err, &refused) && refused.speaksOfVersion()
	return created || errors.Is(err, ErrVersionConflict)
}

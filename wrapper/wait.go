package m3teraccess

import (
	"context"
	"time"
)

// pause waits, unless the context would end before the wait does.
func pause(ctx context.Context, d time.Duration) error {
	if err := outlived(ctx, d); err != nil {
		return err
	}
	return sleep(ctx, d)
}

// outlived is the error of a context that is over, or would be before a wait is.
func outlived(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// sleep waits, at most until the context ends, and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

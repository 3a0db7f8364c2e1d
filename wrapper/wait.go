package m3teraccess

import (
	"context"
	"time"
)

// pause waits for d, or returns at once if the context would end first.
func pause(ctx context.Context, d time.Duration) error {
	if err := outlived(ctx, d); err != nil {
		return err
	}
	return sleep(ctx, d)
}

// outlived returns the error of a context that has ended, or would end before the wait.
func outlived(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// sleep waits for d. It returns the context's error if the context ends first.
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

package m3teraccess

import (
	"context"
	"time"
)

// pause waits for d. If the deadline of the context would pass first, pause returns context.DeadlineExceeded at once.
func pause(ctx context.Context, d time.Duration) error {
	if err := outlived(ctx, d); err != nil {
		return err
	}
	return sleep(ctx, d)
}

// outlived returns context.DeadlineExceeded if the deadline of the context would pass during a wait of d. Otherwise, it
// returns the context's error, which is nil unless the context is done.
func outlived(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// sleep waits for d. If the context is done first, it returns the context's error.
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

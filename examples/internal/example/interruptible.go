package example

import (
	"context"
	"errors"
	"time"
)

// Interruptible calls f and returns its error. If f does not return soon after ctx is done, Interruptible stops waiting
// for f, because f may be blocked in a write if no program reads the output.
func Interruptible(ctx context.Context, f func() error) error {
	const grace = 250 * time.Millisecond
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(grace):
		return errors.New("interrupted while a write to the output was blocked; the last line may be incomplete")
	}
}

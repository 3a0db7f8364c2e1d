package test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// conflict returns the error of a write with an old version.
func conflict(t *testing.T, ctx context.Context) error {
	t.Helper()
	client := newLocalClient(t, viaHandler{allowed(409, `{"message":"stale"}`)})
	_, err := client.RequestSupport(ctx, supportRequest(1))
	if !errors.Is(err, m3teraccess.ErrVersionConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	return err
}

func TestRetryOnConflictEnds(t *testing.T) {
	other := errors.New("something else")
	tests := []struct {
		name         string
		read         error
		write        func(*testing.T, context.Context) error
		writes       int
		matches      error
		matchesNever error
	}{
		{"after ten conflicts", nil, conflict, 10, m3teraccess.ErrVersionConflict, context.Canceled},
		{"when reading fails", other, conflict, 0, other, m3teraccess.ErrVersionConflict},
		{"when writing fails otherwise", nil, func(*testing.T, context.Context) error { return other }, 1, other, m3teraccess.ErrVersionConflict},
		{"when it succeeds", nil, func(*testing.T, context.Context) error { return nil }, 1, nil, other},
		{"when the outcome is unknown", nil, func(t *testing.T, ctx context.Context) error {
			_, err := newLocalClient(t, viaHandler{allowed(500, `{"message":"version"}`)}).RequestSupport(ctx, supportRequest(1))
			return err
		}, 1, m3teraccess.ErrOutcomeUnknown, m3teraccess.ErrVersionConflict},
		{"when the outcome is unknown, and it is a conflict", nil, func(t *testing.T, ctx context.Context) error {
			return errors.Join(conflict(t, ctx), m3teraccess.ErrOutcomeUnknown)
		}, 1, m3teraccess.ErrOutcomeUnknown, context.Canceled},
	}
	for _, test := range tests {
		t.Run(test.name, bubbled(func(t *testing.T) {
			reads, writes := 0, 0
			began := time.Now()
			_, err := m3teraccess.RetryOnConflict(t.Context(),
				func(context.Context) (int64, error) { reads++; return int64(reads), test.read },
				func(ctx context.Context, version int64) (string, error) {
					if writes++; version != int64(writes) {
						t.Errorf("write %d has version %d, which isn't the one just read", writes, version)
					}
					return "value", test.write(t, ctx)
				})
			if writes != test.writes || reads != max(1, test.writes) {
				t.Errorf("%d reads and %d writes, want %d writes", reads, writes, test.writes)
			}
			if !errors.Is(err, test.matches) || errors.Is(err, test.matchesNever) {
				t.Errorf("got %v, want %v", err, test.matches)
			}
			var refused *m3teraccess.Error
			if test.writes == 10 && (!errors.As(err, &refused) || refused.StatusCode != 409) {
				t.Errorf("%v hides the last refusal", err)
			}
			if took := time.Since(began); took > 10*time.Second || (took > 0) != (test.writes == 10) {
				t.Errorf("the backoffs took %v", took)
			}
		}))
	}
}

// The backoff between two attempts ends with the context.
func TestRetryOnConflictEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		_, err := m3teraccess.RetryOnConflict(ctx,
			func(context.Context) (int64, error) { return 1, nil },
			func(ctx context.Context, _ int64) (int, error) {
				err := conflict(t, ctx)
				cancel()
				return 0, err
			})
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != 0 {
			t.Errorf("got %v after %v", err, took)
		}
		writes := 0
		_, err = m3teraccess.RetryOnConflict(ctx,
			func(context.Context) (int64, error) { return 1, nil },
			func(context.Context, int64) (int, error) { writes++; return 0, nil })
		if !errors.Is(err, context.Canceled) || writes > 0 {
			t.Errorf("got %v after %d writes, though the context had ended before", err, writes)
		}
	})
}

package m3teraccess

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var (
	stale       = &Error{StatusCode: 409, versioned: true, refusesVersion: true}
	unversioned = &Error{StatusCode: 409, refusesVersion: true} // the resource was created in the meantime
	notFound    = &Error{StatusCode: 404}
	errOther    = errors.New("something else")
)

// Each case scripts the errors of the reads and of the writes. An error that is missing is nil; the last write error
// repeats.
func TestRetryOnConflict(t *testing.T) {
	for name, test := range map[string]struct {
		read    error
		version int64 // that read returns in the first round; the later rounds return the next ones
		writes  []error
		sent    []int64 // the versions that write gets
		want    error
	}{
		"success":               {version: 1, writes: []error{nil}, sent: []int64{1}},
		"a conflict":            {version: 1, writes: []error{stale, nil}, sent: []int64{1, 2}},
		"ten conflicts":         {version: 1, writes: []error{stale}, sent: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, want: ErrVersionConflict},
		"a failed read":         {read: errOther, version: 1, want: errOther},
		"a failed write":        {version: 1, writes: []error{errOther}, sent: []int64{1}, want: errOther},
		"no version":            {version: 1, writes: []error{unversioned}, sent: []int64{1}, want: ErrConflict},
		"created, read as 404":  {read: notFound, version: 7, writes: []error{unversioned, nil}, sent: []int64{0, 0}},
		"created, read as 0":    {version: 0, writes: []error{unversioned, nil}, sent: []int64{0, 1}},
		"unknown outcome":       {version: 1, writes: []error{ErrOutcomeUnknown}, sent: []int64{1}, want: ErrOutcomeUnknown},
		"conflict with itself?": {version: 1, writes: []error{errors.Join(stale, ErrOutcomeUnknown)}, sent: []int64{1}, want: ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent []int64
				began, version := time.Now(), test.version-1
				read := func(context.Context) (int64, error) { version++; return version, test.read }
				write := func(_ context.Context, version int64) (string, error) {
					sent = append(sent, version)
					return "written", test.writes[min(len(sent), len(test.writes))-1]
				}
				got, err := RetryOnConflict(t.Context(), read, write)
				if !errors.Is(err, test.want) || err == nil && got != "written" {
					t.Errorf("got %q, %v; want the error %v", got, err, test.want)
				}
				if !slices.Equal(sent, test.sent) {
					t.Errorf("wrote with the versions %v, want %v", sent, test.sent)
				}
				took, longest := time.Since(began), time.Duration(0)
				for i := range max(0, len(sent)-1) {
					longest += min(time.Second, 100*time.Millisecond<<i)
				}
				if took > longest || (took > 0) != (longest > 0) {
					t.Errorf("the backoffs took %v, want up to %v", took, longest)
				}
			})
		})
	}
}

// With a deadline, RetryOnConflict retries until the deadline. Its error has the reason and the last conflict.
func TestRetryOnConflictUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began, writes := time.Now(), 0
		_, err := RetryOnConflict(ctx, readOne, func(context.Context, int64) (int, error) { writes++; return 0, stale })
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrVersionConflict) {
			t.Errorf("got %v, want the deadline and the conflict", err)
		}
		if took := time.Since(began); writes <= conflictAttempts || took > time.Minute || took < time.Minute-time.Second {
			t.Errorf("made %d writes in %v, want more than %d until the deadline", writes, took, conflictAttempts)
		}
	})
}

// RetryOnConflict returns as soon as its context is done, and writes nothing after that.
func TestRetryOnConflictEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began, writes := time.Now(), 0
		write := func(context.Context, int64) (int, error) {
			writes++
			time.AfterFunc(time.Nanosecond, cancel) // while RetryOnConflict waits
			return 0, stale
		}
		_, err := RetryOnConflict(ctx, readOne, write)
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took > time.Nanosecond {
			t.Errorf("got %v after %v", err, took)
		}
		if _, err = RetryOnConflict(ctx, readOne, write); !errors.Is(err, context.Canceled) || writes != 1 {
			t.Errorf("got %v and %d writes, though the context was done", err, writes)
		}
	})
}

func readOne(context.Context) (int64, error) { return 1, nil }

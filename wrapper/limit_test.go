package m3teraccess

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// grants makes n callers wait together, and returns their waiting times in ascending order.
func grants(t *testing.T, n int, wait func(context.Context) (leaves func(), err error)) []time.Duration {
	t.Helper()
	start := time.Now()
	at := make([]time.Duration, n)
	var group sync.WaitGroup
	for i := range at {
		group.Go(func() {
			if _, err := wait(t.Context()); err != nil {
				t.Error(err)
			}
			at[i] = time.Since(start)
		})
	}
	group.Wait()
	slices.Sort(at)
	return at
}

// waits fails a test in a bubble unless a caller waits for exactly the given time.
func waits(t *testing.T, wait func(context.Context) (func(), error), want time.Duration) {
	t.Helper()
	if at := grants(t, 1, wait); at[0] != want {
		t.Errorf("waited %v, want %v", at[0], want)
	}
}

// checkRate fails if more than 50 of the grants are within a second.
func checkRate(t *testing.T, at []time.Duration) {
	t.Helper()
	for i := range len(at) - 50 {
		if at[i+50]-at[i] <= time.Second {
			t.Fatalf("grants %d to %d in one second: %v to %v", i, i+50, at[i], at[i+50])
		}
	}
}

// The window does not delay a burst, and uses the rate limit fully.
func TestWindowKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		at := grants(t, n, newSlidingWindow().take)
		checkRate(t, at)
		if ideal := time.Duration(n) * time.Second / 50; at[9] != 0 || at[n-1] > ideal*105/100 {
			t.Errorf("10 grants took %v; %d grants took %v, at 50 a second %v", at[9], n, at[n-1], ideal)
		}
	})
}

// The window counts a request when it is sent, as m3ter does. The requests of the first burst wait for connections.
func TestWindowCountsFromWhenRequestsLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSlidingWindow()
		var callers atomic.Int64
		checkRate(t, grants(t, 200, func(ctx context.Context) (func(), error) {
			leaves, err := w.take(ctx)
			if callers.Add(1) <= windowGrants {
				time.Sleep(300 * time.Millisecond)
			}
			leaves()
			return leaves, err
		}))
	})
}

// A slow connection keeps its own slot, and no other slot.
func TestWindowDoesNotWaitForOneSlowConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSlidingWindow()
		leaves, err := w.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		grants(t, windowGrants-1, w.take)
		time.Sleep(windowLength / 2)
		leaves()
		at := grants(t, windowGrants, w.take)
		if free := windowLength / 2; at[windowGrants-2] != free || at[windowGrants-1] != windowLength {
			t.Errorf("the others were sent up to %v, and the last at %v", at[windowGrants-2], at[windowGrants-1])
		}
	})
}

// A caller whose context is done takes no slot. A caller whose deadline is too soon does not wait.
func TestWindowForgetsWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSlidingWindow()
		grants(t, windowGrants, w.take)
		soon, cancel := context.WithTimeout(t.Context(), windowLength/2)
		defer cancel()
		start := time.Now()
		if _, err := w.take(soon); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if _, err := w.take(ctx); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		cancel()
		group.Wait()
		waits(t, w.take, windowLength)
	})
}

// After a hold-back the requests stay below the rate limit. A hold-back delays even callers that wait for a slot.
func TestHoldKeepsEveryoneBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(nil)
		p.hold(3 * time.Second)
		p.hold(time.Second) // a shorter one changes nothing
		at := grants(t, 100, p.wait)
		if at[0] != 3*time.Second {
			t.Errorf("the first was sent after %v", at[0])
		}
		if at[windowGrants]-at[0] < time.Second {
			t.Errorf("request %d was sent %v after the first", windowGrants, at[windowGrants]-at[0])
		}

		p = newPace(nil)
		grants(t, windowGrants, p.wait)
		go p.hold(5 * time.Second)
		waits(t, p.wait, 5*time.Second)
	})
}

// A request that the transport resends counts for the rate limit again.
func TestResentRequestsTakeSlots(t *testing.T) {
	granted := 0
	limiter := limiterFunc(func(context.Context) error { granted++; return nil })
	s := &script{steps: []step{after("GetConn, GotConn, GotConn, GotConn", nil, answers(200, `{"id":"1","version":1}`))}}
	resends := step(func(req *http.Request) (*http.Response, error) { return s.RoundTrip(req) })
	client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: resends}), WithLimiter(limiter), withToken1)
	if err := doWrite(t, client); err != nil || granted != 3 {
		t.Errorf("%v after %d grants, want 3", err, granted)
	}
}

// If the limiter refuses a request that the transport would resend, the call ends with the limiter's error.
func TestResentRequestWithoutASlot(t *testing.T) {
	refusal := errors.New("no more requests today")
	granted := 0
	limiter := limiterFunc(func(context.Context) error {
		if granted++; granted > 1 {
			return refusal
		}
		return nil
	})
	s := &script{steps: always(after("GetConn, GotConn, GotConn", nil, hangs))}
	resends := step(func(req *http.Request) (*http.Response, error) { return s.RoundTrip(req) })
	client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: resends}), WithLimiter(limiter), withToken1, onceOnly)
	if err := doWrite(t, client); !errors.Is(err, refusal) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

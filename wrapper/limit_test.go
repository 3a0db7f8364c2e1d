package m3teraccess

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// grants has n callers wait at once, and returns when each was let through, counted from now.
func grants(t *testing.T, n int, wait func(context.Context) (leaves func(), err error)) []time.Duration {
	t.Helper()
	start := time.Now()
	var mu sync.Mutex
	var at []time.Duration
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			if _, err := wait(t.Context()); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(start))
		})
	}
	group.Wait()
	slices.Sort(at)
	return at
}

func TestWindowDoesNotDelayABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := grants(t, 10, newSlidingWindow().take)
		if last := at[len(at)-1]; last != 0 {
			t.Errorf("the last of 10 waited %v", last)
		}
	})
}

func TestWindowKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		at := grants(t, n, newSlidingWindow().take)
		for i := range n - 50 {
			if at[i+50]-at[i] <= time.Second {
				t.Fatalf("grants %d to %d in one second: %v to %v", i, i+50, at[i], at[i+50])
			}
		}
		if ideal := time.Duration(n) * time.Second / 50; at[n-1] > ideal*105/100 {
			t.Errorf("%d grants took %v, at 50 a second %v", n, at[n-1], ideal)
		}
	})
}

// The rate counts from when requests leave, as the service counts them. Those of the first burst need connections first.
func TestWindowCountsFromWhenRequestsLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSlidingWindow()
		var callers atomic.Int64
		at := grants(t, 200, func(ctx context.Context) (func(), error) {
			leaves, err := w.take(ctx)
			if callers.Add(1) <= windowGrants {
				time.Sleep(300 * time.Millisecond)
			}
			leaves()
			return leaves, err
		})
		for i := range len(at) - 50 {
			if at[i+50]-at[i] <= time.Second {
				t.Fatalf("requests %d to %d left in one second: %v to %v", i, i+50, at[i], at[i+50])
			}
		}
	})
}

// One slow connection keeps its own slot, and not those of the others.
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
			t.Errorf("the others left up to %v, and the last at %v", at[windowGrants-2], at[windowGrants-1])
		}
	})
}

// A slot that nobody takes must not be waited for.
func TestWindowForgetsWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSlidingWindow()
		grants(t, windowGrants, w.take)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		for range 1000 {
			go func() {
				_, err := w.take(ctx)
				left <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range 1000 {
			if err := <-left; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		if at := grants(t, 1, w.take); at[0] != windowLength {
			t.Errorf("waited %v behind callers who left, want %v", at[0], windowLength)
		}
	})
}

func TestWindowTellsAtOnceThatADeadlineIsTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSlidingWindow()
		grants(t, windowGrants, w.take)
		ctx, cancel := context.WithTimeout(t.Context(), windowLength/2)
		defer cancel()
		start := time.Now()
		if _, err := w.take(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// After a hold-back the callers go by the limiter again, and don't leave together.
func TestHoldKeepsEveryoneBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(nil)
		p.hold(3 * time.Second)
		p.hold(time.Second) // a shorter one changes nothing
		at := grants(t, 100, p.wait)
		if at[0] != 3*time.Second {
			t.Errorf("the first left after %v", at[0])
		}
		if at[windowGrants]-at[0] < time.Second {
			t.Errorf("caller %d left %v after the first", windowGrants, at[windowGrants]-at[0])
		}
	})
}

// Who is in the queue of the limiter when the hold-back begins is held as well.
func TestHoldReachesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(nil)
		grants(t, windowGrants, p.wait)
		go p.hold(5 * time.Second)
		if at := grants(t, 1, p.wait); at[0] < 5*time.Second {
			t.Errorf("left after %v", at[0])
		}
	})
}

// A context that is over already has not waited for the rate.
func TestEndedContextDoesNotBlameTheRate(t *testing.T) {
	client := newScripted(t, &script{})
	if _, err := client.UserPermissionsPage(t.Context(), "user", PageParams{}); err != nil { // which fetches the token
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.UserPermissionsPage(ctx, "user", PageParams{})
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "rate") {
		t.Errorf("got %v", err)
	}
}

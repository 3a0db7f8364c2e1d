package redislimiter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
)

// together runs callers in several processes for d. The callers call Wait repeatedly. together returns the times of the
// grants for each process.
func together(t *testing.T, d time.Duration, callers int, processes ...*Fleet) []*times {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var all []*times
	var groups []*sync.WaitGroup
	for _, f := range processes {
		ts := new(times)
		all = append(all, ts)
		groups = append(groups, call(ctx, t, f.Limiter(testOrg), callers, ts))
	}
	for _, group := range groups {
		group.Wait()
	}
	return all
}

func (s *memoryRedis) processes(n int, opts ...Option) (all []*Fleet) {
	for range n {
		all = append(all, s.process(n, opts...))
	}
	return all
}

func joined(all []*times) (at []time.Time) {
	for _, ts := range all {
		at = append(at, ts.all()...)
	}
	return at
}

func mustWait(t *testing.T, l *Limiter) {
	t.Helper()
	if err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRateOfAFleet(t *testing.T) {
	for _, n := range []int{1, 2, 8, 10, 60} {
		inBubble(t, func(t *testing.T, s *memoryRedis) {
			s.known()
			const seconds = 20
			all := together(t, seconds*time.Second, 16, s.processes(n)...)
			at := joined(all)
			neverOver(t, windowGrants, windowLength, at)
			if best := seconds * windowGrants; n > 1 && len(at) < best*95/100 {
				t.Errorf("%d processes: %d grants, want at least 95%% of %d", n, len(at), best)
			}
			for _, ts := range all {
				if share := len(at) / n; n <= 10 && ts.len() < share*7/10 {
					t.Errorf("%d processes: one process has %d of %d grants", n, ts.len(), len(at))
				}
				if ts.len() == 0 {
					t.Errorf("%d processes: one process has no grants", n)
				}
			}
			if scripts := s.scripts(); n <= 8 && scripts > len(at)/5 {
				t.Errorf("%d processes: %d requests to Redis for %d grants", n, scripts, len(at))
			}
		})
	}
}

// The processes don't divide the rate limit. One busy process among idle ones can use all of it.
func TestOneBusyProcessUsesTheRateLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		at := joined(together(t, 10*time.Second, 64, s.process(10)))
		neverOver(t, windowGrants, windowLength, at)
		if len(at) < 49*10*95/100 {
			t.Errorf("%d grants in 10 s", len(at))
		}
	})
}

func TestBurstIsNotDelayed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		start, l := time.Now(), s.process(10).Limiter(testOrg)
		var group sync.WaitGroup
		for range windowGrants {
			group.Go(func() { mustWait(t, l) })
		}
		group.Wait()
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		l := s.process(4).Limiter(testOrg)
		var mu sync.Mutex
		var order []int
		var group sync.WaitGroup
		for i := range 200 {
			group.Go(func() {
				time.Sleep(time.Duration(i) * time.Microsecond)
				mustWait(t, l)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			time.Sleep(0)
		}
		group.Wait()
		// The callers of one batch get their grants together, in any order.
		for i, place := range order {
			if i-place > windowGrants || place-i > windowGrants {
				t.Errorf("call %d was served as number %d", place, i)
			}
		}
	})
}

// A process with a single caller gets a grant within two windows, however busy the other processes are.
func TestIdleProcessIsServedAmongBusyOnes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		ctx, cancel := context.WithCancel(t.Context())
		var ts times
		for range 3 {
			defer call(ctx, t, s.process(4).Limiter(testOrg), 100, &ts).Wait()
		}
		defer cancel()
		idle := s.process(4).Limiter(testOrg)
		for range 5 {
			time.Sleep(1300 * time.Millisecond)
			start := time.Now()
			mustWait(t, idle)
			if took := time.Since(start); took > 2*windowLength {
				t.Errorf("waited %v", took)
			}
		}
	})
}

func TestHoldBackReachesTheFleet(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		s.change(func(s *memoryRedis) { s.delay = 20 * time.Millisecond })
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		refused, other := s.process(2).Limiter(testOrg), s.process(2).Limiter(testOrg)
		var here, there times
		defer call(ctx, t, refused, 30, &here).Wait()
		defer call(ctx, t, other, 30, &there).Wait()
		time.Sleep(5 * time.Second)
		const d = 3 * time.Second
		begun := time.Now()
		refused.HoldBack(d)
		time.Sleep(150 * time.Millisecond)
		all := here.len() + there.len()
		time.Sleep(time.Until(begun.Add(d)) - time.Millisecond)
		if n := here.len() + there.len() - all; n > 0 {
			t.Errorf("%d grants during the hold-back", n)
		}
		time.Sleep(500 * time.Millisecond)
		if here.len()+there.len() == all {
			t.Error("no grant in 500 ms after the hold-back")
		}
		refused.HoldBack(0) // holds nothing back
		refused.HoldBack(-time.Second)
		<-ctx.Done()
		neverOver(t, windowGrants, windowLength, slices.Concat(here.all(), there.all()))
	})
}

// A process sends a hold-back to Redis even if it has no callers.
func TestHoldBackOfAnIdleProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		s.process(2).Limiter(testOrg).HoldBack(2 * time.Second)
		time.Sleep(time.Millisecond)
		start := time.Now()
		mustWait(t, s.process(2).Limiter(testOrg))
		if took := time.Since(start); took < 1900*time.Millisecond || took > 2100*time.Millisecond {
			t.Errorf("waited %v", took)
		}
	})
}

// The process grants nothing after a hold-back, at any moment between two requests, even if Redis is slow.
func TestHoldBackStopsThisProcessAtOnce(t *testing.T) {
	for phase := range 20 {
		inBubble(t, func(t *testing.T, s *memoryRedis) {
			s.known()
			s.change(func(s *memoryRedis) { s.delay = 80 * time.Millisecond })
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			l := s.process(8).Limiter(testOrg)
			var ts times
			group := call(ctx, t, l, 16, &ts)
			time.Sleep(3*time.Second + time.Duration(phase)*10*time.Millisecond)
			l.HoldBack(time.Second)
			begun := time.Now()
			group.Wait()
			if n := len(between(ts.all(), begun.Add(time.Millisecond), begun.Add(time.Second))); n > 0 {
				t.Errorf("%d grants during the hold-back", n)
			}
		})
	}
}

// A process that did not notice a restart of the server stays below its local limit while other processes may still be
// without the server.
func TestRestartOfTheServer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		s.change(func(s *memoryRedis) { s.runID = "b1" })
		restarted := time.Now()
		at := joined(together(t, windowLength+returnTime-50*time.Millisecond, 60, s.process(2)))
		if len(at) == 0 || slices.MinFunc(at, time.Time.Compare).Sub(restarted) < windowLength {
			t.Errorf("%d grants, want the first a window after the restart: %v", len(at), at)
		}
		neverOver(t, windowGrants/2, windowLength, at)
	})
}

// A process without Redis still holds back its own callers.
func TestHoldBackWhileRedisFails(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		l := s.process(2).Limiter(testOrg)
		defer failing["down"](s)()
		mustWait(t, l)
		time.Sleep(10 * time.Second)
		start := time.Now()
		l.HoldBack(2 * time.Second)
		mustWait(t, l)
		if took := time.Since(start); took < 2*time.Second || took > 2100*time.Millisecond {
			t.Errorf("waited %v", took)
		}
	})
}

// A new organization differs from lost state only if the server has lost nothing for a while.
func TestFirstUse(t *testing.T) {
	tests := map[string]struct {
		before func(s *memoryRedis)
		silent bool
	}{
		"new organization": {func(*memoryRedis) {}, false},
		"just flushed":     {func(s *memoryRedis) { s.FlushAll() }, true},
		"just restarted":   {func(s *memoryRedis) { s.change(func(s *memoryRedis) { s.runID = "b1" }) }, true},
		"flushed and used": {func(s *memoryRedis) { s.FlushAll(); s.known() }, false},
		"flushed and just used": {func(s *memoryRedis) {
			s.FlushAll()
			mustWait(s.t, s.process(1).Limiter(testOrg))
		}, true},
		"keys are evicted": {func(s *memoryRedis) { s.change(func(s *memoryRedis) { s.policy = "allkeys-lru" }) }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *memoryRedis) {
				s.known()
				test.before(s)
				start := time.Now()
				mustWait(t, s.process(10).Limiter("new"))
				if took := time.Since(start); took >= windowLength != test.silent || !test.silent && took > 0 {
					t.Errorf("waited %v", took)
				}
			})
		})
	}
}

// A window that the server lost counts as full. After this window, the fleet uses the rate limit fully.
func TestLostState(t *testing.T) {
	lose := map[string]func(s *memoryRedis){
		"flush":    func(s *memoryRedis) { s.FlushAll() },
		"failover": func(s *memoryRedis) { s.change(func(s *memoryRedis) { s.runID = "b1" }) },
		"set back": func(s *memoryRedis) { s.change(func(s *memoryRedis) { s.ahead = -time.Hour }) },
	}
	for name, lose := range lose {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *memoryRedis) {
				s.known()
				ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
				defer cancel()
				var ts times
				for range 3 {
					defer call(ctx, t, s.process(3).Limiter(testOrg), 40, &ts).Wait()
				}
				time.Sleep(4250 * time.Millisecond)
				lose(s)
				lost := time.Now()
				// A new process must not get a grant from a window that seems empty.
				mustWait(t, s.process(3).Limiter(testOrg))
				if took := time.Since(lost); took < windowLength {
					t.Errorf("granted %v after the loss", took)
				}
				time.Sleep(5 * time.Second)
				neverOver(t, windowGrants+1, windowLength, ts.all()) // with the grant of the new process
				if after := len(between(ts.all(), time.Now().Add(-2*time.Second), time.Now())); after < 90 {
					t.Errorf("%d grants in 2 s, 4 s after the loss", after)
				}
				<-ctx.Done()
			})
		})
	}
}

// The server keeps the state of an idle fleet for 30 days.
func TestIdleFleetIsKnown(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		time.Sleep(29 * 24 * time.Hour)
		start := time.Now()
		mustWait(t, s.process(2).Limiter(testOrg))
		if took := time.Since(start); took != 0 {
			t.Errorf("waited %v", took)
		}
		time.Sleep(31 * 24 * time.Hour)
		if keys := s.Keys(); len(keys) != 0 {
			t.Errorf("keys %q are left", keys)
		}
	})
}

// Only the clock of the server counts. The clocks of the processes don't matter.
func TestClockOfAProcessHasNoInfluence(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.change(func(s *memoryRedis) { s.ahead = time.Hour })
		s.known()
		all := together(t, 5*time.Second, 30, s.processes(2)...)
		neverOver(t, windowGrants, windowLength, joined(all))
		if n := len(joined(all)); n < 49*5*95/100 {
			t.Errorf("%d grants in 5 s", n)
		}
	})
}

// failing has functions that make the server fail. Each returns a function that ends the failure.
var failing = map[string]func(s *memoryRedis) (mend func()){
	"down": func(s *memoryRedis) func() {
		s.change(func(s *memoryRedis) { s.down = true })
		s.Close()
		return func() {
			if _, err := s.Dial(); err != nil {
				s.t.Error(err)
			}
			s.Server().SetPreHook(s.hook)
			s.change(func(s *memoryRedis) { s.down = false })
		}
	},
	"error": func(s *memoryRedis) func() {
		s.SetError("LOADING Redis is loading the dataset in memory")
		s.Server().SetPreHook(func(peer *server.Peer, command string, args ...string) bool {
			peer.WriteError("LOADING Redis is loading the dataset in memory")
			return true
		})
		return func() { s.SetError(""); s.Server().SetPreHook(s.hook) }
	},
	"5 s": func(s *memoryRedis) func() {
		s.change(func(s *memoryRedis) { s.delay = 5 * time.Second })
		return func() { s.change(func(s *memoryRedis) { s.delay = 0 }) }
	},
}

func TestRedisFails(t *testing.T) {
	for name, fail := range failing {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *memoryRedis) {
				s.known()
				var log lines
				const n = 3
				ctx, cancel := context.WithTimeout(t.Context(), 16*time.Second)
				defer cancel()
				var ts [n]times
				for i := range n {
					defer call(ctx, t, s.process(n, WithLogger(textLogger(&log))).Limiter(testOrg), 40, &ts[i]).Wait()
				}
				time.Sleep(4250 * time.Millisecond)
				failed := time.Now()
				mend := fail(s)
				time.Sleep(3 * time.Second)
				mend()
				mended := time.Now()
				<-ctx.Done()

				var all []time.Time
				for i := range ts {
					alone := between(ts[i].all(), failed, mended)
					neverOver(t, windowGrants/n, windowLength, between(ts[i].all(), failed.Add(500*time.Millisecond), mended))
					if seconds := mended.Sub(failed).Seconds() - 2; float64(len(alone)) < seconds*windowGrants/n*0.8 {
						t.Errorf("process %d has %d grants without Redis", i, len(alone))
					}
					all = append(all, ts[i].all()...)
				}
				neverOver(t, windowGrants, windowLength, all)
				if silent := between(all, failed.Add(400*time.Millisecond), failed.Add(windowLength)); len(silent) != 0 {
					t.Errorf("%d grants in the window after the failure", len(silent))
				}
				back := between(all, mended.Add(4*time.Second), mended.Add(9*time.Second))
				if len(back) < 49*5*80/100 { // the grants of a slow server are lost
					t.Errorf("%d grants in 5 s, 4 s after the return", len(back))
				}
				for _, message := range []string{"Redis failed", "Redis is back"} {
					if got := strings.Count(log.String(), message); got != n {
						t.Errorf("%d processes logged %q %d times:\n%s", n, message, got, &log)
					}
				}
			})
		})
	}
}

// A process that returns to Redis grants nothing for one window, even if it used no grants before.
func TestReturnBeginsWithAPause(t *testing.T) {
	for name, fail := range failing {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *memoryRedis) {
				s.known()
				var log lines
				l := s.process(2, WithLogger(textLogger(&log))).Limiter(testOrg)
				mend := fail(s)
				mustWait(t, l)
				time.Sleep(10 * time.Second)
				mend()
				const look = time.Millisecond
				for range 5 * time.Second / look {
					if strings.Contains(log.String(), "Redis is back") {
						break
					}
					time.Sleep(look)
				}
				start := time.Now()
				mustWait(t, l)
				if took := time.Since(start); took < windowLength-look || took > windowLength+look {
					t.Errorf("granted %v after its return, want %v", took, windowLength)
				}
			})
		})
	}
}

// A process that returns to Redis stays below its local limit while other processes may still be without Redis.
func TestReturnBeforeOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		first := s.process(2).Limiter(testOrg)
		mustWait(t, first)
		failing["5 s"](s)
		_ = first.Wait(t.Context()) // fails over to the local limit
		s.change(func(s *memoryRedis) { s.delay = 0 })
		returned := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		var ts times
		call(ctx, t, first, 60, &ts).Wait()
		localUntil := returned.Add(windowLength + returnTime - 100*time.Millisecond)
		early := between(ts.all(), returned.Add(300*time.Millisecond), localUntil)
		if len(early) == 0 || early[0].Sub(returned) < windowLength {
			t.Errorf("%d grants after its return, want the first a window after it: %v", len(early), early)
		}
		neverOver(t, windowGrants/2, windowLength, early)
		if late := between(ts.all(), returned.Add(4*time.Second), returned.Add(8*time.Second)); len(late) < 3*windowGrants {
			t.Errorf("%d grants in 4 s, 4 s after its return", len(late))
		}
	})
}

// between returns the times in [from, to), in order.
func between(at []time.Time, from, to time.Time) (some []time.Time) {
	for _, t := range at {
		if !t.Before(from) && t.Before(to) {
			some = append(some, t)
		}
	}
	slices.SortFunc(some, time.Time.Compare)
	return some
}

func TestStrict(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		l := s.process(2, WithStrict()).Limiter(testOrg)
		mustWait(t, l)
		mend := failing["5 s"](s)
		for range 3 {
			start := time.Now()
			err := l.Wait(t.Context())
			want := "could not share the rate limit, because Redis failed: no response within 200ms"
			if err == nil || err.Error() != want || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want %q", err, want)
			}
			if took := time.Since(start); took > 200*time.Millisecond {
				t.Errorf("took %v", took)
			}
		}
		mend()
		mustWait(t, l)
	})
}

func TestTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		l := s.process(2, WithStrict(), WithTimeout(time.Second)).Limiter(testOrg)
		s.change(func(s *memoryRedis) { s.delay = 900 * time.Millisecond })
		mustWait(t, l)
		s.change(func(s *memoryRedis) { s.delay = 1100 * time.Millisecond })
		start := time.Now()
		if err := l.Wait(t.Context()); err == nil || time.Since(start) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	})
}

// A distant server responds late to all processes. They still use the rate limit fully.
func TestDistantServer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		s.change(func(s *memoryRedis) { s.delay = 150 * time.Millisecond })
		all := together(t, 10*time.Second, 30, s.processes(2)...)
		if n := len(joined(all)); n < 49*10*9/10 {
			t.Errorf("%d grants in 10 s", n)
		}
	})
}

// The limiter does not use a closed Redis client in the background.
func TestClosedClient(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		f := s.process(2)
		mustWait(t, f.Limiter(testOrg))
		f.rdb.Close()
		mustWait(t, f.Limiter(testOrg)) // up to the local limit
		time.Sleep(10 * time.Second)
		m := &f.Limiter(testOrg).machine
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.running {
			t.Error("the goroutine still tries Redis")
			m.retryAt = time.Time{} // otherwise this test would not end
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		l := s.process(2).Limiter(testOrg)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err, scripts := l.Wait(ended), s.scripts(); !errors.Is(err, context.Canceled) || scripts != 0 {
			t.Errorf("error %v, %d requests to Redis", err, scripts)
		}
		for range windowGrants {
			mustWait(t, l)
		}
		short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				if err := l.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
			})
		}
		group.Wait()
		start := time.Now()
		mustWait(t, l)
		if took := time.Since(start); took > windowLength {
			t.Errorf("waited %v behind callers that had left", took)
		}
	})
}

// A process that was suspended until after the time of a batch doesn't use it in addition to the grants of others.
func TestStoppedProcessLosesItsBatch(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		for late, want := range map[time.Duration]int{50 * time.Millisecond: 0, 500 * time.Millisecond: 1} {
			m := &s.process(2).Limiter(testOrg).machine
			m.running = true // so that no goroutine starts
			m.enter()
			m.batches = []batch{{grants: 1, due: time.Now().Add(-late), confirmed: true}}
			if m.grantBatches(time.Now()); m.waiters.Len() != want {
				t.Errorf("%v late: %d still wait, want %d", late, m.waiters.Len(), want)
			}
		}
	})
}

func TestKeys(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		f := s.process(2)
		mustWait(t, f.Limiter("org-1"))
		mustWait(t, f.Limiter("org-2"))
		want := []string{"m3ter:rate:since:a0", "m3ter:rate:{org-1}", "m3ter:rate:{org-2}"}
		if got := s.Keys(); !slices.Equal(got, want) {
			t.Errorf("keys %q, want %q", got, want)
		}
		for _, key := range s.Keys() {
			if left := s.TTL(key); left < 29*24*time.Hour || left > 30*24*time.Hour {
				t.Errorf("%s expires in %v", key, left)
			}
		}
		if first := f.Limiter("org-1"); first != f.Limiter("org-1") || first == f.Limiter("org-2") {
			t.Error("an organization must have one limiter")
		}
	})
}

func TestOrganizationsDoNotShare(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		f := s.process(2)
		mustWait(t, f.Limiter("other"))
		time.Sleep(10 * time.Second)
		for range windowGrants {
			mustWait(t, f.Limiter(testOrg))
		}
		start := time.Now()
		mustWait(t, f.Limiter("other"))
		if took := time.Since(start); took != 0 {
			t.Errorf("waited %v", took)
		}
	})
}

func TestPanics(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{})
	defer rdb.Close()
	for want, f := range map[string]func(){
		"the Redis client must not be nil":                    func() { New(nil, 1) },
		"the number of processes must be at least 1; it is 0": func() { New(rdb, 0) },
		"the timeout must be positive; it is 0s":              func() { WithTimeout(0) },
		"the logger must not be nil":                          func() { WithLogger(nil) },
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); got != "redislimiter: "+want {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
}

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// lines is a log that several processes share.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

// A hold-back that Redis did not receive remains, with WithStrict too.
func TestHoldBackDuringAnOutage(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithStrict()}} {
		inBubble(t, func(t *testing.T, s *memoryRedis) {
			s.known()
			l := s.process(1, opts...).Limiter(testOrg)
			start := time.Now()
			s.change(func(s *memoryRedis) { s.down = true })
			l.HoldBack(20 * time.Second)
			time.Sleep(500 * time.Millisecond)
			s.change(func(s *memoryRedis) { s.down = false })
			time.Sleep(4 * time.Second)
			if err := l.Wait(t.Context()); err != nil || time.Since(start) < 20*time.Second {
				t.Errorf("with %d options: %v after %v", len(opts), err, time.Since(start))
			}
		})
	}
}

// A process that can't send a hold-back retries ten times a second, until the hold-back has ended.
func TestHoldBackIsRetried(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		l := s.process(1, WithStrict()).Limiter(testOrg)
		s.change(func(s *memoryRedis) { s.down = true })
		l.HoldBack(2 * time.Second)
		time.Sleep(3 * time.Second)
		during := s.refused()
		if time.Sleep(time.Minute); during < 10 || during > 100 || s.refused() != during {
			t.Errorf("%d requests during the hold-back, %d after it", during, s.refused()-during)
		}
		s.change(func(s *memoryRedis) { s.down = false })
	})
}

// A closed client stays closed, so a process does not retry a hold-back.
func TestHoldBackOfAClosedClient(t *testing.T) {
	inBubble(t, func(t *testing.T, s *memoryRedis) {
		s.known()
		f := s.process(1, WithStrict())
		l := f.Limiter(testOrg)
		f.rdb.Close()
		l.HoldBack(20 * time.Second)
		time.Sleep(time.Second)
		if err := l.Wait(t.Context()); !errors.Is(err, redis.ErrClosed) {
			t.Error(err)
		}
	})
}

package redislimiter

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
)

// together makes the callers of several processes wait repeatedly for d. It returns the times of the grants of each
// process.
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

func (s *service) processes(n int, opts ...Option) (all []*Fleet) {
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
		inBubble(t, func(t *testing.T, s *service) {
			s.known()
			const seconds = 20
			all := together(t, seconds*time.Second, 16, s.processes(n)...)
			at := joined(all)
			neverOver(t, windowGrants, windowLength, at)
			if best := seconds * windowGrants; n > 1 && len(at) < best*95/100 {
				t.Errorf("%d processes: %d grants, at best %d", n, len(at), best)
			}
			for _, ts := range all {
				if share := len(at) / n; n <= 10 && ts.len() < share*7/10 {
					t.Errorf("%d processes: one has %d grants of %d", n, ts.len(), len(at))
				}
				if ts.len() == 0 {
					t.Errorf("%d processes: one starves", n)
				}
			}
			if asked := s.requests(); n <= 8 && asked > len(at)/5 {
				t.Errorf("%d processes: %d requests to Redis for %d grants", n, asked, len(at))
			}
		})
	}
}

// The processes don't divide the rate limit. A busy process uses what the others leave.
func TestOneBusyProcessHasTheRate(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		at := joined(together(t, 10*time.Second, 64, s.process(10)))
		neverOver(t, windowGrants, windowLength, at)
		if len(at) < 49*10*95/100 {
			t.Errorf("%d grants in 10 s", len(at))
		}
	})
}

func TestBurstIsNotDelayed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
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
	inBubble(t, func(t *testing.T, s *service) {
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
		// The callers of one turn pass together, in any order.
		for i, place := range order {
			if i-place > windowGrants || place-i > windowGrants {
				t.Errorf("call %d was served as number %d", place, i)
			}
		}
	})
}

// A caller with a single request passes within little more than a window, however busy the others are.
func TestQuietProcessIsServedBesideBusyOnes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		ctx, cancel := context.WithCancel(t.Context())
		var ts times
		for range 3 {
			defer call(ctx, t, s.process(4).Limiter(testOrg), 100, &ts).Wait()
		}
		defer cancel()
		quiet := s.process(4).Limiter(testOrg)
		for range 5 {
			time.Sleep(1300 * time.Millisecond)
			start := time.Now()
			mustWait(t, quiet)
			if took := time.Since(start); took > 2*windowLength {
				t.Errorf("waited %v", took)
			}
		}
	})
}

func TestHoldBackReachesTheFleet(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		s.change(func(s *service) { s.delay = 20 * time.Millisecond })
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
		time.Sleep(time.Millisecond)
		own := here.len()
		time.Sleep(150 * time.Millisecond)
		all := here.len() + there.len()
		time.Sleep(time.Until(begun.Add(d)) - time.Millisecond)
		if here.len() != own || here.len()+there.len() != all {
			t.Errorf("%d of this and %d of all processes were let through", here.len()-own, here.len()+there.len()-all)
		}
		time.Sleep(500 * time.Millisecond)
		if here.len()+there.len() == all {
			t.Error("nothing is let through after it")
		}
		refused.HoldBack(0) // 0 holds nothing back
		refused.HoldBack(-time.Second)
		<-ctx.Done()
		neverOver(t, windowGrants, windowLength, slices.Concat(here.all(), there.all()))
	})
}

// A process tells Redis of a hold-back even if it waits for nothing.
func TestHoldBackOfAnIdleProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
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

// No caller of the process passes after a hold-back, whenever it comes, even if Redis learns of it late.
func TestHoldBackStopsThisProcessAtOnce(t *testing.T) {
	for phase := range 20 {
		inBubble(t, func(t *testing.T, s *service) {
			s.known()
			s.change(func(s *service) { s.delay = 80 * time.Millisecond })
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
				t.Errorf("%d were let through", n)
			}
		})
	}
}

// A process that missed the restart of the server keeps to its part while others still do without the server.
func TestRestartOfTheServer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		s.change(func(s *service) { s.runID = "b1" })
		restarted := time.Now()
		at := joined(together(t, windowLength+returnTime-50*time.Millisecond, 60, s.process(2)))
		if len(at) == 0 || slices.MinFunc(at, time.Time.Compare).Sub(restarted) < windowLength {
			t.Errorf("%d grants, %v", len(at), at)
		}
		neverOver(t, windowGrants/2, windowLength, at)
	})
}

// A process without Redis holds back at least its own part.
func TestHoldBackWhileRedisFails(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
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

// The first use of an organization differs from a loss if the server has lost nothing for a while.
func TestFirstUse(t *testing.T) {
	tests := map[string]struct {
		before func(s *service)
		silent bool
	}{
		"new organization": {func(*service) {}, false},
		"just flushed":     {func(s *service) { s.FlushAll() }, true},
		"just restarted":   {func(s *service) { s.change(func(s *service) { s.runID = "b1" }) }, true},
		"flushed and used": {func(s *service) { s.FlushAll(); s.known() }, false},
		"flushed and just used": {func(s *service) {
			s.FlushAll()
			mustWait(s.t, s.process(1).Limiter(testOrg))
		}, true},
		"keys are evicted": {func(s *service) { s.change(func(s *service) { s.policy = "allkeys-lru" }) }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *service) {
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

// A lost state counts as a full window. After it the fleet and the server agree.
func TestLostState(t *testing.T) {
	lose := map[string]func(s *service){
		"flush":    func(s *service) { s.FlushAll() },
		"failover": func(s *service) { s.change(func(s *service) { s.runID = "b1" }) },
		"set back": func(s *service) { s.change(func(s *service) { s.ahead = -time.Hour }) },
	}
	for name, lose := range lose {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *service) {
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
				// A process without a state must not find an empty window.
				mustWait(t, s.process(3).Limiter(testOrg))
				if took := time.Since(lost); took < windowLength {
					t.Errorf("granted %v after the loss", took)
				}
				time.Sleep(5 * time.Second)
				neverOver(t, windowGrants+1, windowLength, ts.all()) // with the grant of the new process
				after := 0
				for _, at := range ts.all() {
					if at.After(time.Now().Add(-2 * time.Second)) {
						after++
					}
				}
				if after < 90 {
					t.Errorf("%d grants in 2 s, 5 s after the loss", after)
				}
				<-ctx.Done()
			})
		})
	}
}

// An idle fleet differs from a lost state.
func TestIdleFleetIsKnown(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		time.Sleep(29 * 24 * time.Hour)
		start := time.Now()
		mustWait(t, s.process(2).Limiter(testOrg))
		if took := time.Since(start); took != 0 {
			t.Errorf("waited %v", took)
		}
		time.Sleep(31 * 24 * time.Hour)
		if keys := s.Keys(); len(keys) != 0 {
			t.Errorf("%q are left", keys)
		}
	})
}

// Only the clock of the server counts. Another clock of a process changes nothing.
func TestClockOfAProcessDoesNotCount(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.change(func(s *service) { s.ahead = time.Hour })
		s.known()
		all := together(t, 5*time.Second, 30, s.processes(2)...)
		neverOver(t, windowGrants, windowLength, joined(all))
		if n := len(joined(all)); n < 49*5*95/100 {
			t.Errorf("%d grants in 5 s", n)
		}
	})
}

// failing makes the service fail in one way. The function that it returns ends the failure.
var failing = map[string]func(s *service) (mend func()){
	"down": func(s *service) func() {
		s.change(func(s *service) { s.down = true })
		s.Close()
		return func() {
			if _, err := s.Dial(); err != nil {
				s.t.Error(err)
			}
			s.Server().SetPreHook(s.hook)
			s.change(func(s *service) { s.down = false })
		}
	},
	"error": func(s *service) func() {
		s.SetError("LOADING Redis is loading the dataset in memory")
		s.Server().SetPreHook(func(peer *server.Peer, command string, args ...string) bool {
			peer.WriteError("LOADING Redis is loading the dataset in memory")
			return true
		})
		return func() { s.SetError(""); s.Server().SetPreHook(s.hook) }
	},
	"5 s": func(s *service) func() {
		s.change(func(s *service) { s.delay = 5 * time.Second })
		return func() { s.change(func(s *service) { s.delay = 0 }) }
	},
}

func TestRedisFails(t *testing.T) {
	for name, fail := range failing {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *service) {
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
				for _, message := range []string{"Redis fails", "Redis is back"} {
					if got := strings.Count(log.String(), message); got != n {
						t.Errorf("%d processes logged %q %d times:\n%s", n, message, got, &log)
					}
				}
			})
		})
	}
}

// A process that finds Redis back grants nothing for one window, even if it used nothing of its part.
func TestReturnBeginsWithAPause(t *testing.T) {
	for name, fail := range failing {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *service) {
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

// A process that finds Redis back keeps to its part while others may do without Redis.
func TestReturnWhileOthersAreAway(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		first := s.process(2).Limiter(testOrg)
		mustWait(t, first)
		failing["5 s"](s)
		_ = first.Wait(t.Context()) // in its part
		s.change(func(s *service) { s.delay = 0 })
		returned := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		var ts times
		call(ctx, t, first, 60, &ts).Wait()
		early := between(ts.all(), returned.Add(300*time.Millisecond), returned.Add(windowLength+returnTime-100*time.Millisecond))
		if len(early) == 0 || early[0].Sub(returned) < windowLength {
			t.Errorf("%d grants after its return, the first at %v", len(early), early)
		}
		neverOver(t, windowGrants/2, windowLength, early)
		if late := between(ts.all(), returned.Add(4*time.Second), returned.Add(8*time.Second)); len(late) < 3*windowGrants {
			t.Errorf("%d grants in 4 s after that", len(late))
		}
	})
}

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
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		l := s.process(2, WithStrict()).Limiter(testOrg)
		mustWait(t, l)
		mend := failing["5 s"](s)
		for range 3 {
			start := time.Now()
			err := l.Wait(t.Context())
			if err == nil || !strings.Contains(err.Error(), "no response within 200ms") || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
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
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		l := s.process(2, WithStrict(), WithTimeout(time.Second)).Limiter(testOrg)
		s.change(func(s *service) { s.delay = 900 * time.Millisecond })
		mustWait(t, l)
		s.change(func(s *service) { s.delay = 1100 * time.Millisecond })
		start := time.Now()
		if err := l.Wait(t.Context()); err == nil || time.Since(start) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	})
}

// A distant server is slow for all processes, and they still use the whole rate limit.
func TestDistantServer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		s.change(func(s *service) { s.delay = 150 * time.Millisecond })
		all := together(t, 10*time.Second, 30, s.processes(2)...)
		if n := len(joined(all)); n < 49*10*9/10 {
			t.Errorf("%d grants in 10 s", n)
		}
	})
}

// The limiter stops asking a closed Redis client.
func TestClosedClient(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		f := s.process(2)
		mustWait(t, f.Limiter(testOrg))
		f.rdb.Close()
		mustWait(t, f.Limiter(testOrg)) // in its part
		time.Sleep(10 * time.Second)
		m := &f.Limiter(testOrg).machine
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.running {
			t.Error("it is still tried")
			m.retryAt = time.Time{} // otherwise this test would not end
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		s.known()
		l := s.process(2).Limiter(testOrg)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err, asked := l.Wait(ended), s.requests(); !errors.Is(err, context.Canceled) || asked != 0 {
			t.Errorf("error %v, %d requests", err, asked)
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
			t.Errorf("waited %v behind callers who left", took)
		}
	})
}

// A process that stopped between its slot and now doesn't use the slot in addition to the slots of others.
func TestStoppedProcessLosesItsTurn(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		for late, want := range map[time.Duration]int{50 * time.Millisecond: 0, 500 * time.Millisecond: 1} {
			m := &s.process(2).Limiter(testOrg).machine
			m.running = true // by this test
			m.enter()
			m.batches = []batch{{grants: 1, due: time.Now().Add(-late), sure: true}}
			if m.grantBatches(time.Now()); m.waiters.Len() != want {
				t.Errorf("%v late: %d still wait, want %d", late, m.waiters.Len(), want)
			}
		}
	})
}

func TestKeys(t *testing.T) {
	inBubble(t, func(t *testing.T, s *service) {
		f := s.process(2)
		mustWait(t, f.Limiter("org-1"))
		mustWait(t, f.Limiter("org-2"))
		if got, want := s.Keys(), []string{"m3ter:rate:since:a0", "m3ter:rate:{org-1}", "m3ter:rate:{org-2}"}; !slices.Equal(got, want) {
			t.Errorf("keys %q", got)
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
	inBubble(t, func(t *testing.T, s *service) {
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
		"the timeout must be more than 0; it is 0s":           func() { WithTimeout(0) },
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

// lines is the log of several processes.
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

package redislimiter

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
)

const testOrg = "org-1"

// A service is a Redis in memory. The processes of a bubble share it, and it can fail in several ways.
type service struct {
	*miniredis.Miniredis
	t *testing.T

	mu     sync.Mutex
	runID  string
	policy string        // of evicting keys when memory is short
	ahead  time.Duration // of the clock of the processes
	delay  time.Duration // before a response
	down   bool
	asked  int // scripts
}

// inBubble runs a test in a bubble with a service, and then stops the service.
func inBubble(t *testing.T, test func(t *testing.T, s *service)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &service{Miniredis: miniredis.NewMiniRedis(), t: t, runID: "a0", policy: "noeviction"}
		s.ClockTTL(true)
		first, err := s.Dial() // it starts the service
		if err != nil {
			t.Fatal(err)
		}
		first.Close()
		s.Server().SetPreHook(s.hook)
		defer s.Close()
		test(t, s)
		time.Sleep(10 * time.Second) // until requests end and processes find Redis back
	})
}

// hook answers commands that miniredis doesn't know, and fails.
func (s *service) hook(peer *server.Peer, command string, args ...string) bool {
	s.mu.Lock()
	now, runID, policy, delay := time.Now().Add(s.ahead), s.runID, s.policy, s.delay
	if command == "EVALSHA" || command == "EVAL" {
		s.asked++
	} else {
		delay = 0
	}
	s.mu.Unlock()
	switch time.Sleep(delay); command {
	case "TIME":
		peer.WriteLen(2)
		peer.WriteBulk(fmt.Sprint(now.Unix()))
		peer.WriteBulk(fmt.Sprint(now.Nanosecond() / 1000))
		return true
	case "INFO":
		peer.WriteBulk("run_id:" + runID + "\r\nmaxmemory_policy:" + policy + "\r\n")
		return true
	}
	return false
}

// change changes the service while it runs.
func (s *service) change(f func(s *service)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// requests is the number of requests since the service knows the organization.
func (s *service) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// process is one of n processes that share the service.
func (s *service) process(n int, opts ...Option) *Fleet {
	rdb := redis.NewClient(&redis.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			s.mu.Lock()
			down := s.down
			s.mu.Unlock()
			if down {
				return nil, &net.OpError{Op: "dial", Err: fmt.Errorf("connection refused")}
			}
			return s.Dial()
		},
		ContextTimeoutEnabled: true,
		Addr:                  "127.0.0.1:6379", // the dialer connects to the service instead
		DisableIdentity:       true,
		Protocol:              2,
	})
	s.t.Cleanup(func() { rdb.Close() })
	return New(rdb, n, opts...)
}

// known makes the organization known to the service, long enough that it is no longer new.
func (s *service) known() {
	s.t.Helper()
	if err := s.process(1).Limiter(testOrg).Wait(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
	s.change(func(s *service) { s.asked = 0 })
}

// times collects the times of the grants.
type times struct {
	mu sync.Mutex
	at []time.Time
}

func (ts *times) add() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.at = append(ts.at, time.Now())
}

func (ts *times) all() []time.Time {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.Clone(ts.at)
}

func (ts *times) len() int { return len(ts.all()) }

// call makes callers wait repeatedly until the context ends.
func call(ctx context.Context, t *testing.T, l *Limiter, callers int, ts *times) *sync.WaitGroup {
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := l.Wait(ctx); err == nil {
					ts.add()
				} else if ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return &group
}

// neverOver fails the test if more than n of the times are in one window. The server counts in microseconds.
func neverOver(t *testing.T, n int, window time.Duration, at []time.Time) {
	t.Helper()
	at = slices.Clone(at)
	slices.SortFunc(at, time.Time.Compare)
	for i := range len(at) - n {
		if d := at[i+n].Sub(at[i]); d < window-time.Microsecond {
			t.Fatalf("%d in %v, from %v", n+1, d, at[i])
		}
	}
}

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

// A memoryRedis is a Redis server in memory, which the processes of a bubble share. Its fields make it fail.
type memoryRedis struct {
	*miniredis.Miniredis
	t *testing.T

	mu     sync.Mutex
	runID  string
	policy string        // maxmemory-policy
	ahead  time.Duration // how far the clock of the server is ahead of the clock of the processes
	delay  time.Duration // before the response to a script
	down   bool          // it refuses connections
	runs   int           // of scripts
	dials  int           // attempts to connect, while it refuses connections
}

// inBubble runs a test in a synctest bubble with a server, and then stops the server.
func inBubble(t *testing.T, test func(t *testing.T, s *memoryRedis)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &memoryRedis{Miniredis: miniredis.NewMiniRedis(), t: t, runID: "a0", policy: "noeviction"}
		s.ClockTTL(true)
		first, err := s.Dial() // starts the server
		if err != nil {
			t.Fatal(err)
		}
		first.Close()
		s.Server().SetPreHook(s.hook)
		defer s.Close()
		test(t, s)
		time.Sleep(10 * time.Second) // until requests have ended and all processes are back at Redis
	})
}

// hook responds to the commands that miniredis doesn't know, and delays the scripts.
func (s *memoryRedis) hook(peer *server.Peer, command string, args ...string) bool {
	s.mu.Lock()
	now, runID, policy, delay := time.Now().Add(s.ahead), s.runID, s.policy, s.delay
	if command == "EVALSHA" || command == "EVAL" {
		s.runs++
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

// change sets fields of the server while it runs.
func (s *memoryRedis) change(f func(s *memoryRedis)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// scripts returns the number of scripts that the server has run since known returned.
func (s *memoryRedis) scripts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs
}

// refused returns the number of connections that the server has refused.
func (s *memoryRedis) refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

// process returns the fleet of one of n processes that share the server.
func (s *memoryRedis) process(n int, opts ...Option) *Fleet {
	rdb := redis.NewClient(&redis.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			s.mu.Lock()
			down := s.down
			if down {
				s.dials++
			}
			s.mu.Unlock()
			if down {
				return nil, &net.OpError{Op: "dial", Err: fmt.Errorf("connection refused")}
			}
			return s.Dial()
		},
		ContextTimeoutEnabled: true,
		Addr:                  "127.0.0.1:6379", // unused: the dialer connects to the server in memory
		DisableIdentity:       true,
		Protocol:              2,
	})
	s.t.Cleanup(func() { rdb.Close() })
	return New(rdb, n, opts...)
}

// known uses the test organization, and waits until the server can tell a new organization from lost state.
func (s *memoryRedis) known() {
	s.t.Helper()
	if err := s.process(1).Limiter(testOrg).Wait(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
	s.change(func(s *memoryRedis) { s.runs = 0 })
}

// times collects the times of grants.
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

// call starts callers that call Wait repeatedly until the context is done.
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

// neverOver fails the test if more than n of the times are in one window. It tolerates 1 microsecond, because the
// server counts in microseconds.
func neverOver(t *testing.T, n int, window time.Duration, at []time.Time) {
	t.Helper()
	at = slices.Clone(at)
	slices.SortFunc(at, time.Time.Compare)
	for i := range len(at) - n {
		if d := at[i+n].Sub(at[i]); d < window-time.Microsecond {
			t.Fatalf("%d grants in %v from %v, want at most %d in %v", n+1, d, at[i], n, window)
		}
	}
}

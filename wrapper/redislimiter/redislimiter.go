package redislimiter

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Fleet represents all processes that share the rate limit of each organization. Each process has its own Fleet. The
// methods of a Fleet may be called concurrently.
type Fleet struct {
	config
	rdb  redis.UniversalClient
	size int

	mu       sync.Mutex
	limiters map[string]*Limiter
}

// New returns the fleet of at most n processes, including this one, that share the Redis server behind rdb. Each
// process must pass the same n. The number n determines how many grants a process may ask for at once, and what its
// local limit is while Redis is unavailable. While Redis is available, n does not limit the share of a process: one
// busy process among idle processes can use the whole rate limit.
//
// New sends nothing. The caller must close rdb, but only after the last call to [Limiter.Wait] has returned. New panics
// if rdb is nil or n is less than 1.
func New(rdb redis.UniversalClient, n int, opts ...Option) *Fleet {
	if rdb == nil {
		panic("redislimiter: the Redis client must not be nil")
	}
	if n < 1 {
		panic(fmt.Sprintf("redislimiter: the number of processes must be at least 1; it is %d", n))
	}
	f := &Fleet{config: defaults(), rdb: rdb, size: n, limiters: make(map[string]*Limiter)}
	for _, opt := range opts {
		opt(&f.config)
	}
	return f
}

// Limiter returns the limiter of an organization. Calls with the same orgID return the same Limiter.
func (f *Fleet) Limiter(orgID string) *Limiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.limiters[orgID]
	if l == nil {
		l = newLimiter(f, orgID)
		f.limiters[orgID] = l
	}
	return l
}

// A Limiter limits the rate of requests for one organization, together with the limiters of the other processes. Use
// [Fleet.Limiter] to obtain a Limiter. The methods of a Limiter may be called concurrently.
type Limiter struct {
	machine
}

// Wait blocks until one more request may be sent. It returns the error of the context if the context is done first.
// With [WithStrict], it also returns an error if Redis fails. After an error, the request must not be sent.
func (l *Limiter) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := l.enter()
	select {
	case err := <-w.result:
		return err
	case <-ctx.Done():
	}
	if l.leave(w) {
		return ctx.Err()
	}
	return <-w.result // the result arrived before leave could remove w
}

// HoldBack stops all processes from sending requests for the organization until d has elapsed. It does not shorten an
// earlier hold-back. The client calls HoldBack after m3ter has refused a request because of the rate limit. HoldBack
// does not block.
//
// This process stops at once, and sends the hold-back to Redis. Every other process stops at its next request to Redis.
// Until then, it may use the grants that become due within about half the timeout (by default 100 ms) after Redis has
// received the hold-back. While Redis is unavailable, HoldBack stops only this process.
func (l *Limiter) HoldBack(d time.Duration) {
	l.hold(d)
}

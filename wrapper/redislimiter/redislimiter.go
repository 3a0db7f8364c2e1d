package redislimiter

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Fleet is the processes that share the rate of their organizations, as one of them sees it. All methods may be
// called concurrently.
type Fleet struct {
	config
	rdb  redis.UniversalClient
	size int

	mu       sync.Mutex
	limiters map[string]*Limiter
}

// New returns the fleet of at most n processes that share the server behind rdb, this one included. Each process must
// give the same n: it says for how much one may ask at once, and what remains to it when Redis fails. The rate is not
// divided by it: one busy process among idle ones has all of it.
//
// New sends nothing. The caller closes rdb, when nothing waits any more. New panics when rdb is nil or n is less than
// 1.
func New(rdb redis.UniversalClient, n int, opts ...Option) *Fleet {
	if rdb == nil {
		panic("redislimiter: the Redis client is nil")
	}
	if n < 1 {
		panic(fmt.Sprintf("redislimiter: the number of processes is %d: at least 1 is allowed", n))
	}
	f := &Fleet{config: defaults(), rdb: rdb, size: n, limiters: make(map[string]*Limiter)}
	for _, opt := range opts {
		opt(&f.config)
	}
	return f
}

// Limiter returns the limiter of an organization, the same each time. Its methods may be called concurrently.
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

// A Limiter paces the requests of one organization, together with those of the other processes. It is made by
// [Fleet.Limiter].
type Limiter struct {
	machine
}

// Wait blocks until one more request may leave. It returns the context's error when the context ends first, and with
// [WithStrict] an error when Redis fails; in both cases the request must not be sent.
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
	return <-w.result // its turn came at the same moment
}

// HoldBack keeps every process of the fleet from sending to this organization for d from now, or longer if it is held
// back already. It is for a request that m3ter refused as over the rate. HoldBack does not wait: this process stops at
// once, the others when they next ask Redis, which each does at most half the timeout (100 ms) before a grant.
func (l *Limiter) HoldBack(d time.Duration) {
	l.hold(d)
}

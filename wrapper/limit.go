package m3teraccess

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A Limiter paces what a client sends: see [WithLimiter]. A *rate.Limiter of golang.org/x/time/rate is one, and so may
// be a limiter that a fleet shares.
type Limiter interface {
	// Wait blocks until one more request may leave, or returns an error when the context ends first. With an error the
	// request is not sent, and the call ends with it. Wait is called concurrently.
	Wait(context.Context) error
}

// m3ter takes 50 requests a second from an organization. One less, and a little more than a second, leave room for what
// the network does to the distance between two requests.
const (
	windowGrants = 49
	windowLength = 1010 * time.Millisecond
)

// A slidingWindow is the default limiter: windowGrants in any windowLength. So a small burst on an idle client is not
// delayed, and the rate is kept all the same; a token bucket has to give up one of the two. Only a request whose
// connection takes longer than the window leaves beside the next one of its slot.
type slidingWindow struct {
	turn  chan struct{} // held by who takes the next slot; the others queue for it, in order
	start time.Time
	slots [windowGrants]atomic.Int64 // when each may be taken again, in nanoseconds after start
}

func newSlidingWindow() *slidingWindow {
	return &slidingWindow{turn: make(chan struct{}, 1), start: time.Now()}
}

func (w *slidingWindow) take(ctx context.Context) (leaves func(), err error) {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		slot := w.soonest()
		wait := w.until(slot)
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
		if wait <= 0 { // else whoever had it may have left meanwhile
			w.occupy(slot)
			return func() { w.occupy(slot) }, nil
		}
	}
}

// soonest is the slot that may be taken first: not the next in a ring, or all would wait for one slow connection.
func (w *slidingWindow) soonest() *atomic.Int64 {
	soonest := &w.slots[0]
	for i := range w.slots {
		if w.slots[i].Load() < soonest.Load() {
			soonest = &w.slots[i]
		}
	}
	return soonest
}

func (w *slidingWindow) until(slot *atomic.Int64) time.Duration {
	return time.Duration(slot.Load()) - time.Since(w.start)
}

func (w *slidingWindow) occupy(slot *atomic.Int64) {
	slot.Store(int64(time.Since(w.start) + windowLength))
}

// turns are what attempts wait for. leaves, unless nil, is called when the request does leave: the connection may have to
// be made first, and the service counts from when the request comes.
type turns interface {
	take(context.Context) (leaves func(), err error)
}

// theirs are the turns of a limiter of the caller's, which counts from when they are taken.
type theirs struct{ Limiter }

func (t theirs) take(ctx context.Context) (leaves func(), err error) { return nil, t.Wait(ctx) }

// A pace is what the callers of one organization share: their turns, and the hold-back after the service refused one of
// them as over the rate.
type pace struct {
	turns

	mu   sync.Mutex
	held time.Time // nothing leaves before
}

// hold keeps every caller of the organization back for d, or longer if they are held already.
func (p *pace) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.held) {
		p.held = until
	}
}

func (p *pace) holdLeft() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.held)
}

// wait blocks until a request may leave. After a hold-back it takes another turn, or all who were held would leave
// together.
func (p *pace) wait(ctx context.Context) (leaves func(), err error) {
	for {
		if err := pause(ctx, p.holdLeft()); err != nil {
			return nil, err
		}
		if leaves, err = p.take(ctx); err != nil || p.holdLeft() <= 0 {
			return leaves, err
		}
	}
}

// paces has one pace for each organization, however often Organization is asked for it.
type paces struct {
	limiter Limiter // the caller's, for all organizations; nil: one of its own for each

	mu    sync.Mutex
	byOrg map[string]*pace
}

func newPaces(limiter Limiter) *paces { return &paces{limiter: limiter, byOrg: make(map[string]*pace)} }

func (p *paces) of(orgID string) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byOrg[orgID] == nil {
		p.byOrg[orgID] = &pace{turns: newSlidingWindow()}
		if p.limiter != nil {
			p.byOrg[orgID].turns = theirs{p.limiter}
		}
	}
	return p.byOrg[orgID]
}

// limit lets an attempt wait for its turn.
func limit(next layer) layer {
	return func(ctx context.Context, c *call) (_ *answer, err error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c.leaves, err = c.pace.wait(ctx); err != nil {
			return nil, fmt.Errorf("waiting for the rate limit: %w", err)
		}
		return next(ctx, c)
	}
}

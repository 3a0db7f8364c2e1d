package m3teraccess

import (
	"context"
	"sync/atomic"
	"time"
)

// A Limiter limits the rate of requests: see [WithLimiter]. A *rate.Limiter of golang.org/x/time/rate is a Limiter.
// A Limiter may coordinate several processes: see package redislimiter.
//
// If a Limiter also has a method HoldBack(time.Duration), the client calls this method when m3ter refuses a request
// because of the rate limit. The argument is how long the client holds back the requests for the organization. HoldBack
// must be safe for concurrent use.
type Limiter interface {
	// Wait blocks until the client may send one more request, or returns an error if the context is done first. After an
	// error, the client does not send the request, and the call returns the error. Wait must be safe for concurrent use.
	Wait(context.Context) error
}

// m3ter accepts 50 requests a second from an organization. One request fewer and a slightly longer window leave room
// for network delays.
const (
	windowGrants = 49
	windowLength = 1010 * time.Millisecond
)

// A slidingWindow is the default limiter: at most windowGrants requests in any windowLength. It does not delay a small
// burst from an idle client, and still stays below the rate limit; a token bucket can't do both. There is one
// exception: if a connection takes longer than windowLength to establish, its request may be sent in the same window as
// the next request that uses the slot.
type slidingWindow struct {
	turn  chan struct{} // held by the caller that takes the next slot; the others wait in order
	start time.Time
	slots [windowGrants]atomic.Int64 // when each slot is free, in nanoseconds after start
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
		if wait <= 0 { // after a wait, the slot may have been extended
			w.occupy(slot)
			return func() { w.occupy(slot) }, nil
		}
	}
}

// soonest returns the slot that is free first. If the slots were used in turn, all callers would wait for one slow
// connection.
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

// A slotSource grants slots to attempts. The caller calls leaves, if it is not nil, when the request has a connection.
// That may be long after take, because a connection may have to be established first, and m3ter counts a request when
// the request arrives.
type slotSource interface {
	take(context.Context) (leaves func(), err error)
}

// callerSlots takes slots from the caller's own limiter, which counts a request when it grants the request.
type callerSlots struct{ Limiter }

func (s callerSlots) take(ctx context.Context) (leaves func(), err error) { return nil, s.Wait(ctx) }

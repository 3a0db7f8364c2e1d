package m3teraccess

import (
	"context"
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

// A slotSource grants slots to attempts. leaves, unless nil, is called when the request does leave: the connection may have
// to be made first, and the service counts from when the request comes.
type slotSource interface {
	take(context.Context) (leaves func(), err error)
}

// callerSlots are granted by a limiter of the caller's, which counts from the grant.
type callerSlots struct{ Limiter }

func (s callerSlots) take(ctx context.Context) (leaves func(), err error) { return nil, s.Wait(ctx) }

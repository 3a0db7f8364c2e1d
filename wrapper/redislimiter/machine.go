package redislimiter

import (
	"container/list"
	"log/slog"
	"sync"
	"time"
)

// A machine belongs to one organization, and serves the callers that are waiting for a grant. A goroutine runs the
// machine while there is something to do: callers are waiting, a hold-back must be sent to Redis, or Redis has failed
// and must be checked in the background.
type machine struct {
	fleet *Fleet
	key   string
	log   *slog.Logger
	wake  chan struct{}

	mu      sync.Mutex
	running bool
	waiters list.List // of *waiter, in the order of their calls
	request *request  // the request under way, or nil
	batches []batch   // from Redis, not used yet, sorted by time
	local   localLimit

	heldUntil  time.Time // after a 429; nothing is granted before this time
	unsentHold bool      // Redis doesn't know heldUntil yet
	quietUntil time.Time // after a switch between Redis and the local limit; nothing is granted before this time

	down       bool      // Redis has failed and is not back yet
	retryAt    time.Time // while Redis is unavailable: the time of the next request
	localUntil time.Time // the local limit applies until then, because other processes may still be without Redis
}

type waiter struct {
	place  *list.Element // in the list of waiters; nil after the wait
	result chan error    // buffers the one result
}

func newLimiter(f *Fleet, orgID string) *Limiter {
	return &Limiter{machine{
		fleet: f,
		key:   "m3ter:rate:{" + orgID + "}",
		log:   f.logger.With("organization", orgID),
		wake:  make(chan struct{}, 1),
		local: newLocalLimit(f.size),
	}}
}

func (m *machine) enter() *waiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &waiter{result: make(chan error, 1)}
	w.place = m.waiters.PushBack(w)
	m.notify()
	return w
}

// leave removes a waiter, and reports whether it was still waiting.
func (m *machine) leave(w *waiter) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	waited := m.remove(w)
	if waited && m.waiters.Len() == 0 {
		m.notify() // so that the goroutine ends
	}
	return waited
}

func (m *machine) remove(w *waiter) bool {
	if w.place == nil {
		return false
	}
	m.waiters.Remove(w.place)
	w.place = nil
	return true
}

func (m *machine) hold(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if until := time.Now().Add(d); until.After(m.heldUntil) && d > 0 {
		m.heldUntil, m.unsentHold, m.batches = until, true, nil
		m.notify()
	}
}

// notify makes the goroutine run the next step now. It starts the goroutine if the goroutine is not running.
func (m *machine) notify() {
	if !m.running {
		m.running = true
		go m.run()
		return
	}
	select {
	case m.wake <- struct{}{}:
	default: // a notification is already pending
	}
}

func (m *machine) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, replies := m.step()
		if next.IsZero() {
			return
		}
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-m.wake:
		case got := <-replies:
			m.mu.Lock()
			m.receive(got)
			m.mu.Unlock()
		}
	}
}

// step does all work that is due. It returns the time of the next step, or the zero time if there is none, and the
// channel of the reply to the request under way.
func (m *machine) step() (next time.Time, replies <-chan reply) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.request != nil && !now.Before(m.request.deadline) {
		m.request = nil // the reply to the request is ignored
		m.fail(now, m.fleet.noResponse())
	}
	m.grantBatches(now)
	m.grantLocally(now)
	if at := m.askAt(now); m.request == nil && !at.IsZero() && !now.Before(at) {
		m.send(now)
	}
	if next = m.nextStep(now); next.IsZero() {
		m.running = false
	}
	if m.request != nil {
		replies = m.request.replies
	}
	return next, replies
}

// nextStep returns the earliest time at which step has work to do, or the zero time if there is none.
func (m *machine) nextStep(now time.Time) (next time.Time) {
	if m.request != nil {
		next = m.request.deadline
	} else {
		next = m.askAt(now)
	}
	if m.waiters.Len() == 0 {
		return next
	}
	if len(m.batches) > 0 && m.batches[0].confirmed {
		next = earliest(next, m.batches[0].due)
	}
	if m.down {
		next = earliest(next, latest(m.quietUntil, m.heldUntil, m.local.next(now)))
	}
	return next
}

// grant ends the waits of the first n waiters.
func (m *machine) grant(now time.Time, n int) {
	for ; n > 0 && m.waiters.Len() > 0; n-- {
		m.local.use(now)
		m.finish(nil)
	}
}

// finish ends the wait of the first waiter.
func (m *machine) finish(err error) {
	w := m.waiters.Front().Value.(*waiter)
	m.remove(w)
	w.result <- err
}

// earliest returns the earlier time. The zero time stands for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if t.After(first) {
			first = t
		}
	}
	return first
}

package redislimiter

import (
	"container/list"
	"log/slog"
	"sync"
	"time"
)

// A machine serves the callers that wait for one organization. One goroutine runs it while there is something to do:
// callers wait, a hold-back is to be told to Redis, or Redis is to be found back.
type machine struct {
	fleet *Fleet
	key   string
	log   *slog.Logger
	wake  chan struct{}

	mu      sync.Mutex
	running bool
	waiters list.List // of *waiter, the first to be served in front
	request *request  // the one that is under way
	turns   []turn    // what Redis has given, and nobody has yet, by time
	part    part

	held  time.Time // after a 429; nothing is granted before
	tell  bool      // Redis doesn't know held yet
	quiet time.Time // after a change between Redis and the own part; nothing is granted before

	away    bool      // Redis fails
	retryAt time.Time // when Redis is tried next, while it is away
	parted  time.Time // Redis is back, but others may be without it: until then this process stays within its part
}

type waiter struct {
	place  *list.Element
	result chan error // has room for the one result
}

func newLimiter(f *Fleet, orgID string) *Limiter {
	return &Limiter{machine{
		fleet: f,
		key:   "m3ter:rate:{" + orgID + "}",
		log:   f.logger.With("organization", orgID),
		wake:  make(chan struct{}, 1),
		part:  partOf(f.size),
	}}
}

func (m *machine) enter() *waiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &waiter{result: make(chan error, 1)}
	w.place = m.waiters.PushBack(w)
	m.stir()
	return w
}

// leave reports whether the waiter still waited.
func (m *machine) leave(w *waiter) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	waited := m.remove(w)
	if waited && m.waiters.Len() == 0 {
		m.stir() // to rest
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
	if until := time.Now().Add(d); until.After(m.held) && d > 0 {
		m.held, m.tell, m.turns = until, true, nil
		m.stir()
	}
}

// stir has the goroutine look what there is to do.
func (m *machine) stir() {
	if !m.running {
		m.running = true
		go m.run()
		return
	}
	select {
	case m.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (m *machine) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, answers := m.step()
		if next.IsZero() {
			return
		}
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-m.wake:
		case a := <-answers:
			m.mu.Lock()
			m.learn(a)
			m.mu.Unlock()
		}
	}
}

// step does what is due, and returns when there is something to do next, or the zero time when there is nothing to wait
// for.
func (m *machine) step() (next time.Time, answers <-chan answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.request != nil && !now.Before(m.request.deadline) {
		m.request = nil // nobody listens to its answer any more
		m.fail(now, m.fleet.noAnswer())
	}
	m.useTurns(now)
	m.usePart(now)
	if at := m.askAt(now); m.request == nil && !at.IsZero() && !now.Before(at) {
		m.send(now)
	}
	if next = m.nextStep(now); next.IsZero() {
		m.running = false
	}
	if m.request != nil {
		answers = m.request.answers
	}
	return next, answers
}

// nextStep is the earliest time at which step has something to do.
func (m *machine) nextStep(now time.Time) (next time.Time) {
	if m.request != nil {
		next = m.request.deadline
	} else {
		next = m.askAt(now)
	}
	if m.waiters.Len() == 0 {
		return next
	}
	if len(m.turns) > 0 && m.turns[0].sure {
		next = earliest(next, m.turns[0].due)
	}
	if m.away {
		next = earliest(next, latest(m.quiet, m.held, m.part.next(now)))
	}
	return next
}

func (m *machine) grant(now time.Time, n int) {
	for ; n > 0 && m.waiters.Len() > 0; n-- {
		m.part.use(now)
		m.finish(nil)
	}
}

// finish ends the wait of the first waiter.
func (m *machine) finish(err error) {
	w := m.waiters.Front().Value.(*waiter)
	m.remove(w)
	w.result <- err
}

// earliest takes the zero time for never.
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

package redislimiter

import (
	"container/list"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
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

// A turn is a number of slots at one time. It is sure once Redis was asked so shortly before that time that it can be
// used; one that is further away may fall by a hold-back.
type turn struct {
	slots int
	due   time.Time
	epoch int64
	sure  bool
}

type request struct {
	answers  chan answer
	deadline time.Time
	held     time.Time // what it tells of held
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
		m.held, m.tell = until, true
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

// useTurns grants the turns that have come. One for which this process was late is lost, and so is one in a hold-back.
func (m *machine) useTurns(now time.Time) {
	for len(m.turns) > 0 {
		turn := m.turns[0]
		late := now.Sub(turn.due) > m.fleet.lead()
		if !late && (!turn.sure || now.Before(turn.due)) {
			return
		}
		m.turns = m.turns[1:]
		if !late && !turn.due.Before(m.held) {
			m.grant(now, turn.slots)
		}
	}
}

// usePart grants what the own part allows while Redis is away.
func (m *machine) usePart(now time.Time) {
	if m.away && !now.Before(m.quiet) && !now.Before(m.held) {
		m.grant(now, m.part.left(now))
	}
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

// askAt is when Redis is to be asked next, and the zero time when it isn't.
func (m *machine) askAt(now time.Time) time.Time {
	switch {
	case m.away:
		return m.retryAt
	case m.tell:
		return now
	case m.waiters.Len() == 0:
		return time.Time{}
	case len(m.turns) > 0:
		for _, turn := range m.turns {
			if !turn.sure {
				return turn.due.Add(-m.fleet.lead())
			}
		}
		return time.Time{} // not before they were used
	case now.Before(m.parted):
		return latest(m.quiet, earliest(m.parted, m.part.next(now)))
	}
	return latest(now, m.quiet)
}

// wanted is for how many slots to ask: none before the last turn is sure, or they would come in small pieces.
func (m *machine) wanted(now time.Time) int {
	planned := 0
	for _, turn := range m.turns {
		planned += turn.slots
		if turn.due.Sub(now) > m.fleet.lead() {
			return 0
		}
	}
	if m.away || now.Before(m.quiet) {
		return 0
	}
	n := min(m.waiters.Len()-planned, windowGrants)
	if now.Before(m.parted) {
		n = min(n, m.part.left(now)-planned)
	}
	return max(0, n)
}

func (m *machine) send(now time.Time) {
	r := &request{
		answers:  make(chan answer, 1),
		deadline: now.Add(m.fleet.timeout),
		held:     m.held,
	}
	m.request = r
	var hold time.Duration
	if m.tell {
		hold = max(0, m.held.Sub(now))
	}
	wanted := m.wanted(now)
	go func() { r.answers <- m.fleet.ask(m.key, wanted, hold) }()
}

// learn takes the answer to the request.
func (m *machine) learn(a answer) {
	r := m.request
	m.request = nil
	if a.err != nil {
		m.fail(a.received, a.err)
		return
	}
	if m.away {
		m.comeBack(a.received)
	}
	if r.held.Equal(m.held) {
		m.tell = false
	}
	m.parted = latest(m.parted, a.received.Add(a.parted))
	m.turns = slices.DeleteFunc(m.turns, func(t turn) bool { return t.epoch != a.epoch })
	m.turns = append(m.turns, a.turns...)
	for i := range m.turns {
		m.turns[i].sure = m.turns[i].due.Sub(a.received) <= m.fleet.lead()
	}
}

// fail turns to the own part, or has everyone's call fail.
func (m *machine) fail(now time.Time, err error) {
	m.turns = nil
	m.retryAt = now.Add(retryPause)
	if errors.Is(err, redis.ErrClosed) {
		m.retryAt = time.Time{} // it stays closed
	}
	switch {
	case m.fleet.strict:
		m.tell = false
		for m.waiters.Len() > 0 {
			m.finish(&failure{err})
		}
	case !m.away:
		m.away = true
		m.quiet = now.Add(m.fleet.silence() + m.part.phase())
		m.log.Warn("Redis fails: keeping to a part of the rate until it is back", "error", err, "processes", m.fleet.size)
	}
}

func (m *machine) comeBack(now time.Time) {
	m.away = false
	m.quiet = now.Add(windowLength)
	m.parted = now.Add(returnTime + windowLength)
	m.log.Info("Redis is back: sharing the rate")
}

// retryPause lies between two attempts to find Redis back.
const retryPause = 100 * time.Millisecond

// A failure is what strict calls end with.
type failure struct{ err error }

func (f *failure) Error() string { return "Redis fails, so the rate is not known: " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// batch is how many slots are planned for a process at most, so that those of the whole fleet fit into a window.
func (f *Fleet) batch() int { return max(1, windowGrants/f.size) }

// A part is what a process may take by itself: grants in any length, so that all processes together stay below the rate.
// It remembers all that was granted, also by Redis.
type part struct {
	grants int
	length time.Duration
	used   []time.Time
}

func partOf(processes int) part {
	windows := (processes + windowGrants - 1) / windowGrants // 1 for up to 49 processes
	return part{grants: max(1, windowGrants/processes), length: time.Duration(windows) * windowLength}
}

func (p *part) use(now time.Time) {
	p.forget(now)
	p.used = append(p.used, now)
}

func (p *part) forget(now time.Time) {
	p.used = slices.DeleteFunc(p.used, func(t time.Time) bool { return now.Sub(t) >= p.length })
}

// left is how many grants are left now.
func (p *part) left(now time.Time) int {
	p.forget(now)
	return max(0, p.grants-len(p.used))
}

// next is when one is left.
func (p *part) next(now time.Time) time.Time {
	if p.left(now) > 0 {
		return now
	}
	return p.used[len(p.used)-p.grants].Add(p.length)
}

// phase has processes that take their parts in turn, because there are more of them than grants, begin at different times.
func (p *part) phase() time.Duration {
	if p.length == windowLength {
		return 0
	}
	return rand.N(p.length)
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

package redislimiter

import (
	"slices"
	"time"
)

// A turn is a number of slots at one time. It is sure once Redis was asked so shortly before that time that it can be
// used; one that is further away may fall by a hold-back.
type turn struct {
	slots int
	due   time.Time
	epoch int64
	sure  bool
}

// useTurns grants the turns that have come. One for which this process was late is lost.
func (m *machine) useTurns(now time.Time) {
	for len(m.turns) > 0 && m.turns[0].sure && !now.Before(m.turns[0].due) {
		turn := m.turns[0]
		m.turns = m.turns[1:]
		if now.Sub(turn.due) <= m.fleet.lead() {
			n := turn.slots
			if now.Before(m.parted) { // which was not known when they were asked for
				n = min(n, m.part.left(now))
			}
			m.grant(now, n)
		}
	}
}

type request struct {
	answers  chan answer
	deadline time.Time
	held     time.Time // what it tells of held
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
	if m.away || m.tell || now.Before(m.quiet) {
		return 0
	}
	n := min(m.waiters.Len()-planned, m.fleet.share())
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
	if !r.held.Equal(m.held) {
		return // planned without the hold-back, and asked anew
	}
	m.tell = false
	m.parted = latest(m.parted, a.received.Add(a.parted))
	m.turns = slices.DeleteFunc(m.turns, func(t turn) bool { return t.epoch != a.epoch })
	m.turns = append(m.turns, a.turns...)
	for i := range m.turns {
		m.turns[i].sure = m.turns[i].due.Sub(a.received) <= m.fleet.lead()
	}
}

// share is for how many slots a process asks at most: its share of a window, rounded up.
func (f *Fleet) share() int { return (windowGrants + f.size - 1) / f.size }

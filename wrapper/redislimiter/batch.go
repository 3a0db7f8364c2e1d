package redislimiter

import (
	"slices"
	"time"
)

// A batch is a number of grants that Redis has planned for the same time. A process can use only a confirmed batch. A
// response from Redis confirms each batch that is due within the lead (see Fleet.lead). If a batch is due later, the
// process asks Redis to confirm it one lead before it is due. Until then, a hold-back can cancel the batch.
type batch struct {
	grants    int
	due       time.Time
	epoch     int64
	confirmed bool
}

// grantBatches uses the batches that are due. It drops a batch if this process is too late to use the batch.
func (m *machine) grantBatches(now time.Time) {
	for len(m.batches) > 0 && m.batches[0].confirmed && !now.Before(m.batches[0].due) {
		next := m.batches[0]
		m.batches = m.batches[1:]
		if now.Sub(next.due) <= m.fleet.lead() {
			n := next.grants
			if now.Before(m.localUntil) { // localUntil may have been set after this batch was requested
				n = min(n, m.local.left(now))
			}
			m.grant(now, n)
		}
	}
}

type request struct {
	replies   chan reply
	deadline  time.Time
	heldUntil time.Time // the machine's heldUntil when the machine sent the request
}

// askAt returns the time of the next request to Redis, or the zero time if there is none to send.
func (m *machine) askAt(now time.Time) time.Time {
	switch {
	case m.down:
		return m.retryAt
	case m.unsentHold:
		return latest(now, m.retryAt)
	case m.waiters.Len() == 0:
		return time.Time{}
	case len(m.batches) > 0:
		for _, b := range m.batches {
			if !b.confirmed {
				return b.due.Add(-m.fleet.lead())
			}
		}
		return time.Time{} // ask after the last batch has been used
	case now.Before(m.localUntil):
		return latest(m.quietUntil, earliest(m.localUntil, m.local.next(now)))
	}
	return latest(now, m.quietUntil)
}

// wanted returns the number of grants to ask for. It returns 0 if the time until a batch is due exceeds the lead (see
// Fleet.lead), because the grants would otherwise come in many small batches.
func (m *machine) wanted(now time.Time) int {
	planned := 0
	for _, b := range m.batches {
		planned += b.grants
		if b.due.Sub(now) > m.fleet.lead() {
			return 0
		}
	}
	if m.down || m.unsentHold || now.Before(m.quietUntil) {
		return 0
	}
	n := min(m.waiters.Len()-planned, m.fleet.mostWanted())
	if now.Before(m.localUntil) {
		n = min(n, m.local.left(now)-planned)
	}
	return max(0, n)
}

func (m *machine) send(now time.Time) {
	r := &request{
		replies:   make(chan reply, 1),
		deadline:  now.Add(m.fleet.timeout),
		heldUntil: m.heldUntil,
	}
	m.request = r
	var hold time.Duration
	if m.unsentHold {
		hold = max(0, m.heldUntil.Sub(now))
	}
	wanted := m.wanted(now)
	go func() { r.replies <- m.fleet.ask(m.key, wanted, hold) }()
}

// receive handles the reply to the request.
func (m *machine) receive(got reply) {
	r := m.request
	m.request = nil
	if got.err != nil {
		m.fail(got.received, got.err)
		return
	}
	if m.down {
		m.comeBack(got.received)
	}
	if !r.heldUntil.Equal(m.heldUntil) {
		return // the batches were planned without the hold-back, which the next request sends
	}
	m.unsentHold = false
	m.localUntil = latest(m.localUntil, got.received.Add(got.localFor))
	m.batches = slices.DeleteFunc(m.batches, func(b batch) bool { return b.epoch != got.epoch })
	m.batches = append(m.batches, got.batches...)
	for i := range m.batches {
		m.batches[i].confirmed = m.batches[i].due.Sub(got.received) <= m.fleet.lead()
	}
}

// mostWanted returns the largest number of grants that one request asks for: the share of a process in a window,
// rounded up.
func (f *Fleet) mostWanted() int { return (windowGrants + f.size - 1) / f.size }

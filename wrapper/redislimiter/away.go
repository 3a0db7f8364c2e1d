package redislimiter

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

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

// usePart grants what the own part allows while Redis is away.
func (m *machine) usePart(now time.Time) {
	if m.away && !now.Before(m.quiet) && !now.Before(m.held) {
		m.grant(now, m.part.left(now))
	}
}

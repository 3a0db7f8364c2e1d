package redislimiter

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// fail switches to the local limit after a failure of Redis. With WithStrict, it ends all waits with the error instead.
func (m *machine) fail(now time.Time, err error) {
	m.batches = nil
	m.retryAt = now.Add(retryPause)
	if errors.Is(err, redis.ErrClosed) {
		m.retryAt = time.Time{} // a closed client stays closed
	}
	switch {
	case m.fleet.strict:
		m.unsentHold = m.unsentHold && now.Before(m.heldUntil) && !m.retryAt.IsZero()
		for m.waiters.Len() > 0 {
			m.finish(&failure{err})
		}
	case !m.down:
		m.down = true
		m.quietUntil = now.Add(m.fleet.silence() + m.local.phase())
		m.log.Warn("Redis failed; using the local limit until Redis responds", "error", err, "processes", m.fleet.size)
	}
}

// comeBack switches to the shared rate limit after a response from Redis.
func (m *machine) comeBack(now time.Time) {
	m.down = false
	m.quietUntil = now.Add(windowLength)
	m.localUntil = now.Add(returnTime + windowLength)
	m.log.Info("Redis is back; sharing the rate limit")
}

// retryPause is the pause between two requests to Redis while Redis is unavailable.
const retryPause = 100 * time.Millisecond

// A failure is the error that Wait returns with WithStrict if Redis fails.
type failure struct{ err error }

func (f *failure) Error() string {
	return "could not share the rate limit, because Redis failed: " + f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// grantLocally grants requests up to the local limit while Redis is unavailable.
func (m *machine) grantLocally(now time.Time) {
	if m.down && !now.Before(m.quietUntil) && !now.Before(m.heldUntil) {
		m.grant(now, m.local.left(now))
	}
}

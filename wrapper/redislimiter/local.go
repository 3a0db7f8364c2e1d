package redislimiter

import (
	"math/rand/v2"
	"slices"
	"time"
)

// A localLimit limits the number of grants that a process uses while Redis is unavailable to it or may still be
// unavailable to other processes. The local limits of all processes together stay below the rate limit. A localLimit
// counts all grants, including those from Redis.
type localLimit struct {
	grants int // the largest number in any period
	period time.Duration
	used   []time.Time
}

func newLocalLimit(processes int) localLimit {
	windows := (processes + windowGrants - 1) / windowGrants // 1 for up to 49 processes
	return localLimit{grants: max(1, windowGrants/processes), period: time.Duration(windows) * windowLength}
}

func (l *localLimit) use(now time.Time) {
	l.forget(now)
	l.used = append(l.used, now)
}

func (l *localLimit) forget(now time.Time) {
	l.used = slices.DeleteFunc(l.used, func(t time.Time) bool { return now.Sub(t) >= l.period })
}

// left returns the number of grants that are left now.
func (l *localLimit) left(now time.Time) int {
	l.forget(now)
	return max(0, l.grants-len(l.used))
}

// next returns the earliest time at which the local limit allows another grant.
func (l *localLimit) next(now time.Time) time.Time {
	if l.left(now) > 0 {
		return now
	}
	return l.used[len(l.used)-l.grants].Add(l.period)
}

// phase returns a random delay before the first grant if the period is longer than a window. Without the delay, all
// processes of a fleet of more than 49 could use their grants in the same window.
func (l *localLimit) phase() time.Duration {
	if l.period == windowLength {
		return 0
	}
	return rand.N(l.period)
}

package redislimiter

import (
	"math/rand/v2"
	"slices"
	"time"
)

// A part is what a process may take by itself: grants in any length, so that all processes together stay below the
// rate. It remembers all that was granted, also by Redis.
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

// phase has processes that take their parts in turn, because there are more of them than grants, begin at different
// times.
func (p *part) phase() time.Duration {
	if p.length == windowLength {
		return 0
	}
	return rand.N(p.length)
}

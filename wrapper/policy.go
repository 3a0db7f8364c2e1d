package m3teraccess

import (
	"math/rand/v2"
	"time"
)

// A RetryPolicy says how often and how patiently a call is tried again. A zero field means its default, so that
// setting one changes one thing. What is tried again at all is told under "Retries" in the package comment.
type RetryPolicy struct {
	MaxAttempts   int           // attempts of a call, the first included; 0: 4; 1: no second one
	MinBackoff    time.Duration // the bound of the random wait before the second attempt, doubled for each further one; 0: 200 ms
	MaxBackoff    time.Duration // where the doubling ends, also that of the second's wait after a 429; 0: 5 s
	MaxRetryAfter time.Duration // a longer Retry-After of the service is returned, not waited for; 0: 30 s
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 4
	}
	if p.MinBackoff == 0 {
		p.MinBackoff = 200 * time.Millisecond
	}
	if p.MaxBackoff == 0 {
		p.MaxBackoff = max(5*time.Second, p.MinBackoff)
	}
	if p.MaxRetryAfter == 0 {
		p.MaxRetryAfter = 30 * time.Second
	}
	return p
}

// backoff is the wait after an attempt: anything up to a bound that doubles (full jitter), so that clients that failed
// together don't come back together.
func (p RetryPolicy) backoff(attempt int) time.Duration {
	bound := p.MaxBackoff
	if shift := attempt - 1; shift < 32 && p.MinBackoff<<shift>>shift == p.MinBackoff {
		bound = min(bound, p.MinBackoff<<shift)
	}
	return rand.N(bound)
}

// rateWindow is how long the service refuses what is over the rate of an organization, when it does not tell.
const rateWindow = time.Second

// wait is how long a call waits after an attempt, and whether the service asked for that.
func (p RetryPolicy) wait(verdict verdict, attempt int, a *answer) (wait time.Duration, asked bool) {
	if verdict == denied {
		return 0, false
	}
	if a != nil {
		if wait := retryAfter(a.Header, time.Now()); wait > 0 {
			return wait, true
		}
	}
	if verdict == refused {
		return min(rateWindow<<min(attempt-1, 10), max(rateWindow, p.MaxBackoff)), false
	}
	return p.backoff(attempt), false
}

package m3teraccess

import (
	"math/rand/v2"
	"time"
)

// A RetryPolicy sets how many attempts a call makes and how long it waits between them. A zero field means the default,
// so a program sets only what it changes. "Retries" in the package comment says which failures are retried. The wait
// after a 429 without Retry-After (1 s, 2 s, 4 s, ...) is at most MaxBackoff, but never less than 1 s.
type RetryPolicy struct {
	MaxAttempts   int           // attempts of a call, including the first; 0 means 4, and 1 means no retries
	MinBackoff    time.Duration // upper bound of the random backoff before the second attempt; doubles for each further attempt, up to MaxBackoff; 0 means 200 ms
	MaxBackoff    time.Duration // longest backoff before any attempt; 0 means 5 s, or MinBackoff if that is longer
	MaxRetryAfter time.Duration // longest Retry-After that a call waits for; if Retry-After is longer, the call fails; 0 means 30 s
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

// backoff returns the wait after an attempt: a random time (full jitter), so that clients that failed together don't
// retry together. The bound of this time doubles with each attempt, up to MaxBackoff.
func (p RetryPolicy) backoff(attempt int) time.Duration {
	bound := p.MaxBackoff
	if shift := attempt - 1; shift < 32 && p.MinBackoff<<shift>>shift == p.MinBackoff {
		bound = min(bound, p.MinBackoff<<shift)
	}
	return rand.N(bound)
}

// rateWindow is how long a call waits if the response to its first attempt is a 429 without Retry-After.
const rateWindow = time.Second

// wait returns how long a call waits after an attempt, and whether m3ter asked for that.
func (p RetryPolicy) wait(verdict verdict, attempt int, a *answer) (wait time.Duration, asked bool) {
	if verdict == denied {
		return 0, false
	}
	if a != nil {
		if wait := retryAfter(a.Header, time.Now()); wait > 0 {
			return wait, true
		}
	}
	if verdict == rateLimited {
		return min(rateWindow<<min(attempt-1, 10), max(rateWindow, p.MaxBackoff)), false
	}
	return p.backoff(attempt), false
}

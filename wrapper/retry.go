package m3teraccess

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"
)

// A RetryPolicy says how often and how patiently a call is tried again. A zero field means its default, so that
// setting one changes one thing. What is tried again at all is told under "Retries" in the package comment.
type RetryPolicy struct {
	MaxAttempts   int           // attempts of a call, the first included; 0: 4; 1: no second one
	MinBackoff    time.Duration // the longest wait before the second attempt; doubled before each further one; 0: 200 ms
	MaxBackoff    time.Duration // no longer wait than this, but for one that the service asks for; 0: 5 s
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

// A verdict says what an attempt means for the call.
type verdict int

const (
	final    verdict = iota // the answer, or there was no attempt at all
	doubtful                // a write that may have been done: not again
	failed                  // nothing that matters was done: again, after a backoff
	refused                 // over the rate, and so not done: again, when the service takes more
	denied                  // the token was not accepted, and so nothing done: again, with another one
)

// judge is the table of the package comment.
func judge(isRead bool, a *answer, err error) verdict {
	ambiguous := doubtful
	if isRead {
		ambiguous = failed
	}
	if broken, ok := err.(*transportError); ok {
		if broken.neverLeft {
			return failed
		}
		return ambiguous
	}
	if err != nil { // no token, or the limiter gave up
		return final
	}
	switch {
	case a.StatusCode == http.StatusTooManyRequests:
		return refused
	case a.StatusCode == http.StatusUnauthorized || a.StatusCode == http.StatusForbidden:
		return denied
	case isAmbiguous(a.StatusCode) || a.isCut():
		return ambiguous
	}
	return final
}

// isAmbiguous tells whether a request that was answered so may have been carried out all the same.
func isAmbiguous(status int) bool { return status == http.StatusRequestTimeout || status >= 500 }

// isCut tells whether a success broke off. Of any other status, what came of the body does not matter.
func (a *answer) isCut() bool {
	return a.StatusCode/100 == 2 && a.bodyErr != nil && !errors.Is(a.bodyErr, errTooLong)
}

// retry sends a call until its outcome is final, its attempts are used up, or there is no time for another one.
func retry(policy RetryPolicy, tokens *tokens, log *slog.Logger, next layer) layer {
	r := &retrier{policy, tokens, log}
	return func(ctx context.Context, c *call) (*answer, error) {
		var a *answer
		var err error
		for c.attempt = 1; ; c.attempt++ {
			lastAnswer, lastErr := a, err
			a, err = next(ctx, c)
			if c.attempt > 1 && notBegun(err) {
				return lastAnswer, &interrupted{ended: err, last: lastErr}
			}
			again, noTime := r.prepareNext(ctx, c, a, err)
			if noTime != nil {
				return a, noTime
			}
			if !again {
				return a, err
			}
		}
	}
}

type retrier struct {
	policy RetryPolicy
	tokens *tokens
	log    *slog.Logger
}

// prepareNext does what must be done before the next attempt, the waiting included, and tells whether there is to be
// one. Its error takes the place of the attempt's.
func (r *retrier) prepareNext(ctx context.Context, c *call, a *answer, err error) (again bool, instead error) {
	verdict := judge(c.op.isRead(), a, err)
	if verdict == final {
		return false, nil
	}
	wait := r.policy.wait(verdict, c.attempt, a)
	if verdict == refused {
		c.pace.hold(r.policy.hold(wait))
	}
	ended := err != nil && ctx.Err() != nil // the attempt failed since the context ended
	if verdict == doubtful || ended || c.attempt == r.policy.MaxAttempts || wait > r.policy.MaxRetryAfter || !c.rewind() {
		r.log.LogAttrs(ctx, slog.LevelWarn, "m3ter call is given up", c.attrs(a, err)...)
		return false, nil
	}
	if verdict == denied {
		replaced, err := r.replaceToken(ctx, c, a)
		if err != nil || !replaced {
			return false, err
		}
	}
	r.log.LogAttrs(ctx, slog.LevelInfo, "m3ter call is tried again", c.attrs(a, err, slog.Duration("wait", wait))...)
	if ended := pause(ctx, wait); ended != nil {
		return false, &interrupted{ended: ended, last: err}
	}
	return true, nil
}

// replaceToken gets another token than the denied one, once a call. When there is none, or it is denied too, the token
// is not what the service denies.
func (r *retrier) replaceToken(ctx context.Context, c *call, a *answer) (bool, error) {
	if c.replaced {
		return false, nil
	}
	c.replaced = true
	replaced, err := r.tokens.replace(ctx, c.token, a.StatusCode)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, &interrupted{ended: err}
	case err != nil && a.StatusCode == http.StatusForbidden:
		return false, nil // it may be a true denial, and stands
	}
	return replaced, err
}

// notBegun tells whether an attempt ended while it waited for its token or its turn.
func notBegun(err error) bool {
	switch err.(type) {
	case nil, *transportError, *AuthError:
		return false
	}
	return true
}

// wait is how long to wait after an attempt. A wait that the service asks for may be over the cap.
func (p RetryPolicy) wait(verdict verdict, attempt int, a *answer) time.Duration {
	if verdict == denied {
		return 0
	}
	if a != nil {
		if asked := retryAfter(a.Header, time.Now()); asked > 0 {
			return asked
		}
	}
	if verdict == refused {
		return min(rateWindow<<min(attempt-1, 10), p.MaxRetryAfter)
	}
	return p.backoff(attempt)
}

// hold is how long the other callers hold back when one was told to wait. If that is longer than anyone would wait,
// they soon ask for themselves, and are told.
func (p RetryPolicy) hold(wait time.Duration) time.Duration {
	if wait > p.MaxRetryAfter {
		return min(rateWindow, p.MaxRetryAfter)
	}
	return wait
}

// rewind makes the request ready to be sent again, and tells whether it is.
func (c *call) rewind() bool {
	if c.req.Body == nil || c.req.Body == http.NoBody {
		return true
	}
	if c.req.GetBody == nil {
		return false
	}
	body, err := c.req.GetBody()
	if err != nil {
		return false
	}
	c.req.Body = body
	return true
}

// An interrupted call had no time left for another attempt.
type interrupted struct {
	ended error // that of the context
	last  error // of the last attempt; nil when it has an answer
}

func (e *interrupted) Error() string {
	if e.last == nil {
		return e.ended.Error()
	}
	return e.last.Error() + "; " + e.ended.Error()
}

// pause waits, unless the context would end before it is over.
func pause(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	return sleep(ctx, d)
}

// sleep waits, at most until the context ends, and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

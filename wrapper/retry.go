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
		if broken.proof != "" {
			return failed
		}
		return ambiguous
	}
	if err != nil { // no token, or the limiter gave up
		return final
	}
	switch {
	case a.isRepeated && !isRead && a.StatusCode/100 != 2:
		return doubtful // it is the answer to one of several requests
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
	_, cut := a.bodyErr.(*transportError)
	return a.StatusCode/100 == 2 && cut
}

// retry sends a call until its outcome is final, its attempts are used up, or there is no time for another one.
func retry(policy RetryPolicy, tokens *tokens, log *slog.Logger, next layer) layer {
	r := &retrier{policy, tokens, log}
	return func(ctx context.Context, c *call) (*answer, error) {
		var a *answer
		var err error
		for c.attempt = 1; ; c.attempt++ {
			lastAnswer, lastErr, start := a, err, time.Now()
			a, err = next(ctx, c)
			took := time.Since(start)
			if !begun(err) {
				closeBody(c.req) // which nobody else does
			}
			if c.attempt > 1 && !begun(err) && !errors.As(err, new(*AuthError)) {
				a, err = lastAnswer, &interrupted{ended: err, last: lastErr}
				return r.giveUp(ctx, c, a, err, took)
			}
			verdict := judge(isRead(c.op), a, err)
			if verdict == final {
				if a != nil && a.isRepeated {
					log.LogAttrs(ctx, slog.LevelWarn, "m3ter call was sent more than once, and may have been done twice", c.attrs(a, err, took)...)
				}
				return a, err
			}
			var again bool
			if again, err = r.prepareNext(ctx, c, verdict, a, err, took); !again {
				return r.giveUp(ctx, c, a, err, took)
			}
		}
	}
}

type retrier struct {
	policy RetryPolicy
	tokens *tokens
	log    *slog.Logger
}

func (r *retrier) giveUp(ctx context.Context, c *call, a *answer, err error, took time.Duration) (*answer, error) {
	r.log.LogAttrs(ctx, slog.LevelWarn, "m3ter call is given up", c.attrs(a, err, took)...)
	return a, err
}

// prepareNext does what must be done before the next attempt, the waiting included, and tells whether there is to be
// one. It returns the error of the attempt, or one that takes its place.
func (r *retrier) prepareNext(ctx context.Context, c *call, verdict verdict, a *answer, err error, took time.Duration) (bool, error) {
	wait, asked := r.policy.wait(verdict, c.attempt, a)
	tooLong := asked && wait > r.policy.MaxRetryAfter
	if verdict == refused {
		c.pace.hold(othersWait(wait, asked && !tooLong))
	}
	endedByContext := err != nil && ctx.Err() != nil
	possible := verdict != doubtful && !endedByContext && !tooLong && c.attempt < r.policy.MaxAttempts && c.isRewindable()
	if verdict == denied {
		if replaced, err := r.replaceToken(ctx, c, a, possible); !replaced {
			return false, err // of the token: the attempt has an answer, and no error
		}
	}
	if !possible {
		return false, err
	}
	if noTime := outlived(ctx, wait); noTime != nil {
		return false, &interrupted{ended: noTime, last: err}
	}
	if !c.rewind() {
		return false, err
	}
	r.log.LogAttrs(ctx, slog.LevelInfo, "m3ter call is tried again", append(c.attrs(a, err, took), slog.Duration("wait", wait))...)
	if ended := sleep(ctx, wait); ended != nil {
		closeBody(c.req)
		return false, &interrupted{ended: ended, last: err}
	}
	return true, err
}

// replaceToken gets another token than the denied one, once a call. When there is none, or it is denied too, the token
// is not what the service denies. Where there can't be another attempt, the next call is to find a better token.
func (r *retrier) replaceToken(ctx context.Context, c *call, a *answer, possible bool) (bool, error) {
	if c.renewed {
		return false, nil
	}
	replaced, pending := r.tokens.replace(c.token, a.StatusCode)
	if !possible || pending == nil {
		return replaced && possible, nil
	}
	c.renewed = true
	token, err := r.tokens.wait(ctx, pending)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, &interrupted{ended: err}
	case err != nil && a.StatusCode == http.StatusForbidden:
		return false, nil // it may be a true denial, and stands
	case err != nil:
		return false, err
	}
	return token.AccessToken != c.token, nil
}

// begun tells whether an attempt was made; else it ended while it waited for its token or its turn.
func begun(err error) bool {
	_, broken := err.(*transportError)
	return err == nil || broken
}

// wait is how long the call waits after an attempt, and whether the service asked for that.
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

// othersWait is how long the other callers hold back when one was refused: as the service asked, or its window. Of a
// wait that nobody would wait for they soon learn by themselves.
func othersWait(wait time.Duration, asked bool) time.Duration {
	if asked {
		return wait
	}
	return rateWindow
}

func (c *call) isRewindable() bool {
	return c.req.Body == nil || c.req.Body == http.NoBody || c.req.GetBody != nil
}

// rewind makes the request ready to be sent again, and tells whether it is.
func (c *call) rewind() bool {
	if c.req.GetBody == nil {
		return true
	}
	body, err := c.req.GetBody()
	c.req.Body = body
	return err == nil
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

// lastOf tells what kept a call from another attempt, nil when nothing did, from the error of the last one.
func lastOf(err error) (noTime *interrupted, last error) {
	if errors.As(err, &noTime) {
		return noTime, noTime.last
	}
	return nil, err
}

// pause waits, unless the context would end before it is over.
func pause(ctx context.Context, d time.Duration) error {
	if err := outlived(ctx, d); err != nil {
		return err
	}
	return sleep(ctx, d)
}

// outlived is the error of a context that is over, or would be before a wait is.
func outlived(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	return ctx.Err()
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

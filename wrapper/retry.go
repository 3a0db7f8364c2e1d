package m3teraccess

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// retry makes attempts until the outcome of the call is final, or until another attempt would not be safe or is not
// possible.
func retry(policy RetryPolicy, tokens *tokens, log *slog.Logger, next layer) layer {
	r := &retrier{policy, tokens, log}
	return func(ctx context.Context, c *call) outcome {
		var last outcome
		for c.attempt = 1; ; c.attempt++ {
			start := time.Now()
			out := next(ctx, c)
			took := time.Since(start)
			if out.attempted {
				c.sent++
			} else {
				closeBody(c.req) // the transport, which would have closed the body, did not get the request
			}
			if c.attempt > 1 && !out.attempted && !errors.As(out.err, new(*AuthError)) {
				last.ended = out.err
				return r.giveUp(ctx, c, last, took)
			}
			verdict := judge(c.isRead(), out)
			if verdict == final {
				if out.isRepeated {
					log.LogAttrs(ctx, slog.LevelWarn, "m3ter request was sent more than once, and the write may have taken effect twice", c.attrs(out, took)...)
				}
				return out
			}
			if !r.prepareNext(ctx, c, verdict, &out, took) {
				return r.giveUp(ctx, c, out, took)
			}
			last = out
		}
	}
}

type retrier struct {
	policy RetryPolicy
	tokens *tokens
	log    *slog.Logger
}

func (r *retrier) giveUp(ctx context.Context, c *call, out outcome, took time.Duration) outcome {
	r.log.LogAttrs(ctx, slog.LevelWarn, "m3ter call failed, giving up", c.attrs(out, took)...)
	return out
}

// prepareNext waits and prepares the request for the next attempt, and reports whether there can be one. If the context
// leaves no time for the wait, or is done during the wait, prepareNext sets out.ended.
func (r *retrier) prepareNext(ctx context.Context, c *call, verdict verdict, out *outcome, took time.Duration) bool {
	wait, asked := r.policy.wait(verdict, c.attempt, out.answer)
	tooLong := asked && wait > r.policy.MaxRetryAfter
	if verdict == rateLimited {
		c.pace.hold(othersWait(wait, asked && !tooLong))
	}
	wasStopped := out.err != nil && ctx.Err() != nil
	possible := verdict != doubtful && !wasStopped && !tooLong && c.attempt < r.policy.MaxAttempts && c.isRewindable()
	if verdict == denied {
		possible = r.replaceToken(ctx, c, out, possible)
	}
	if !possible {
		return false
	}
	if out.ended = outlived(ctx, wait); out.ended != nil || !c.rewind() {
		return false
	}
	r.log.LogAttrs(ctx, slog.LevelInfo, "retrying m3ter call", append(c.attrs(*out, took), slog.Duration("wait", wait))...)
	if out.ended = sleep(ctx, wait); out.ended != nil {
		closeBody(c.req)
		return false
	}
	return true
}

// replaceToken replaces the denied access token, with at most one renewal in a call, and reports whether to retry with
// another access token. A denial after the renewal has a cause other than the token. If no attempt is possible, the
// renewal still serves the next call.
func (r *retrier) replaceToken(ctx context.Context, c *call, out *outcome, possible bool) bool {
	if c.renewed {
		return false
	}
	replaced, pending := r.tokens.replace(c.token, out.answer.StatusCode)
	if !possible || pending == nil {
		return replaced && possible
	}
	c.renewed = true
	token, err := r.tokens.wait(ctx, pending)
	switch {
	case err == nil:
		return token.AccessToken != c.token
	case ctx.Err() != nil:
		out.ended = err
	case out.answer.StatusCode != http.StatusForbidden: // a 403 may be a true denial, so it stands
		*out = outcome{err: err}
	}
	return false
}

// othersWait returns how long the other callers must wait after a 429: as long as m3ter asked for. If m3ter did not
// ask, or asked for longer than a call waits, they wait for rateWindow, and may get their own 429.
func othersWait(wait time.Duration, asked bool) time.Duration {
	if asked {
		return wait
	}
	return rateWindow
}

func (c *call) isRewindable() bool { return isBodyless(c.req) || c.req.GetBody != nil }

// rewind resets the body of the request for a retry, and reports whether that succeeded.
func (c *call) rewind() bool {
	if c.req.GetBody == nil {
		return true
	}
	body, err := c.req.GetBody()
	c.req.Body = body
	return err == nil
}

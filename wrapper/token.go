package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// withToken waits until there is a valid token, and gives it to the attempt.
func withToken(tokens *tokens, next layer) layer {
	return func(ctx context.Context, c *call) outcome {
		token, err := tokens.get(ctx)
		if err != nil {
			return outcome{err: err}
		}
		if c.token != "" && c.token != token.AccessToken {
			c.denied = append(c.denied, c.token)
		}
		c.token = token.AccessToken
		return next(ctx, c)
	}
}

const (
	// shareRefusal is how long callers share a refusal of the credentials, lest a misconfigured program hammers.
	shareRefusal = time.Second
	// renewBefore is how long before its end a token is renewed; a fifth of its life if that is less.
	renewBefore = 5 * time.Minute
	// invalidBefore is how long before its end x/oauth2 calls a token invalid.
	invalidBefore = 10 * time.Second
	// forbiddenRenewal is how seldom a 403 renews the token: it may be a true denial, which no token cures.
	forbiddenRenewal = time.Minute
)

// tokens holds the current token. However many callers wait for one, one request fetches it; each caller's wait ends
// with its own context, and the request goes on for the others. Toward the token's end, whoever asks has it renewed in
// the background, so that on a busy client no call waits, and an idle one keeps neither goroutine nor timer.
type tokens struct {
	fetch    func(context.Context) (*oauth2.Token, error) // the error is an *AuthError
	abandons bool                                         // fetch ends with its context; a source of the caller's does not, and is asked once at a time
	redact   redactor
	log      *slog.Logger

	mu           sync.Mutex
	current      *oauth2.Token // nil when there is none; may have expired
	renewAt      time.Time     // when to renew current in the background; zero: never
	pending      *pendingToken // nil when none is being fetched
	refusal      error         // of the credentials; nil when there was none
	refusalUntil time.Time     // until when it is shared
	forbiddenAt  time.Time     // when a 403 last renewed the token
}

// A pendingToken is a request for a token. It ends when the last who waits for it leaves, unless it is for whoever comes:
// as when it renews a token that is still valid.
type pendingToken struct {
	cancel  context.CancelFunc
	waiting int           // guarded by the lock of tokens
	done    chan struct{} // closed when the two below are set
	token   *oauth2.Token
	err     error
}

func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	if t.current.Valid() {
		defer t.mu.Unlock()
		if !t.renewAt.IsZero() && !time.Now().Before(t.renewAt) {
			t.join().keep()
		}
		return t.current, nil
	}
	if err := t.sharedRefusal(); err != nil {
		defer t.mu.Unlock()
		return nil, err
	}
	pending := t.join()
	pending.waiting++
	t.mu.Unlock()
	return t.wait(ctx, pending)
}

// replace sees to it that the denied token is not used for ever. It tells whether there is another one already; else it
// has one fetched, for which the caller is to wait. Neither means that a token would not help, or not yet.
func (t *tokens) replace(denied string, status int) (replaced bool, pending *pendingToken) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.current.AccessToken != denied {
		return true, nil
	}
	if status == http.StatusForbidden && t.pending == nil {
		if time.Since(t.forbiddenAt) < forbiddenRenewal {
			return false, nil
		}
		t.forbiddenAt = time.Now()
	}
	if t.sharedRefusal() != nil && t.pending == nil {
		return false, failedBefore(t.refusal)
	}
	pending = t.join()
	pending.waiting++
	return false, pending
}

// failedBefore is a request for a token that is over.
func failedBefore(err error) *pendingToken {
	done := make(chan struct{})
	close(done)
	return &pendingToken{cancel: func() {}, done: done, err: err}
}

// keep has the request go on whoever leaves, as if somebody waited who never does. The lock is held.
func (p *pendingToken) keep() { p.waiting++ }

// wait waits for a token. Who leaves before leaves the request to the others.
func (t *tokens) wait(ctx context.Context, pending *pendingToken) (*oauth2.Token, error) {
	select {
	case <-pending.done:
		return pending.token, pending.err
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if pending.waiting--; pending.waiting == 0 {
		pending.cancel()
		if t.pending == pending {
			t.pending = nil // who comes now begins anew
		}
	}
	return nil, fmt.Errorf("waiting for a token: %w", ctx.Err())
}

func (t *tokens) sharedRefusal() error {
	if time.Now().Before(t.refusalUntil) {
		return t.refusal
	}
	return nil
}

// join returns the request for a token that is under way, or starts one; the lock is held.
func (t *tokens) join() *pendingToken {
	if t.pending != nil {
		return t.pending
	}
	ctx, cancel := context.WithCancel(context.Background())
	pending := &pendingToken{cancel: cancel, done: make(chan struct{})}
	pending.err = &AuthError{problem: "the token source ended its goroutine"} // unless it returns
	if !t.abandons {
		pending.keep()
	}
	t.pending = pending
	go func() {
		start := time.Now()
		defer func() {
			if problem := recover(); problem != nil { // a caller could not catch it: this goroutine is ours
				pending.err = &AuthError{problem: "the token source panicked: " + t.redact.text(fmt.Sprint(problem), maxErrorText)}
			}
			t.settle(ctx, pending, time.Since(start))
			cancel()
		}()
		pending.token, pending.err = t.fetch(ctx)
	}()
	return pending
}

// settle takes what a request for a token came to. After a failure the current token stays, as long as it is valid.
func (t *tokens) settle(ctx context.Context, pending *pendingToken, took time.Duration) {
	defer close(pending.done)
	token, err := pending.token, pending.err
	if ctx.Err() == nil {
		t.report(err, took)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil { // nobody waits for it any more, and there may be another one
		return
	}
	now := time.Now()
	if refused := (*AuthError)(nil); errors.As(err, &refused) && refused.refused() {
		t.refusal, t.refusalUntil = err, now.Add(shareRefusal)
	}
	news := err == nil && (t.current == nil || t.current.AccessToken != token.AccessToken || !t.current.Expiry.Equal(token.Expiry))
	if err == nil {
		t.current = token
	}
	t.renewAt = renewalTime(t.current, now, news)
	t.pending = nil
}

// renewalTime is when to renew a token in the background. Where a renewal brought nothing new, it is tried again after
// a part of the time that is left.
func renewalTime(token *oauth2.Token, now time.Time, news bool) time.Time {
	if token == nil || token.Expiry.IsZero() {
		return time.Time{}
	}
	end := token.Expiry.Add(-invalidBefore)
	left := end.Sub(now)
	if news {
		return end.Add(-min(renewBefore, left/5))
	}
	if left > renewBefore {
		return end.Add(-renewBefore)
	}
	return now.Add(max(left/5, invalidBefore))
}

func (t *tokens) report(err error, took time.Duration) {
	ctx, duration := context.Background(), slog.Duration("duration", took)
	if err != nil {
		t.log.LogAttrs(ctx, slog.LevelWarn, "m3ter token can't be had", duration, slog.String("error", err.Error()))
		return
	}
	t.log.LogAttrs(ctx, slog.LevelInfo, "m3ter token fetched", duration)
}

func newTokens(cfg *config, transport transport) *tokens {
	t := &tokens{redact: cfg.vault.redactor(), log: cfg.logger}
	if source := cfg.source; source != nil {
		t.fetch = func(context.Context) (*oauth2.Token, error) { return fetchFrom(source, t.redact) }
	} else {
		t.fetch, t.abandons = newExchange(cfg, transport).fetch, true
	}
	return t
}

// fetchFrom takes a token from a source of the caller's. The error is an *AuthError.
func fetchFrom(source oauth2.TokenSource, redact redactor) (*oauth2.Token, error) {
	token, err := source.Token()
	if err == nil {
		err = checkToken(token)
	} else if !errors.As(err, new(*oauth2.RetrieveError)) {
		err = redact.error(err)
	}
	if err != nil {
		return nil, newAuthError(err, 0, redact, "what the token source (WithTokenSource) sends")
	}
	return token, nil
}

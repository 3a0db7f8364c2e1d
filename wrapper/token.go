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

// withToken waits for a valid access token and sets it for the attempt.
func withToken(tokens *tokens, next layer) layer {
	return func(ctx context.Context, c *call) outcome {
		if err := ctx.Err(); err != nil {
			return outcome{err: err} // a call whose context is done needs no token request
		}
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
	// shareRefusal is how long callers share a refusal of the credentials, so that a misconfigured program doesn't flood
	// m3ter.
	shareRefusal = time.Second
	// renewBefore bounds how early the client renews a token: this long before x/oauth2 treats the token as invalid, or a
	// fifth of the lifetime if that is less.
	renewBefore = 5 * time.Minute
	// invalidBefore is the time before the expiry of a token at which x/oauth2 starts to treat the token as invalid.
	invalidBefore = 10 * time.Second
	// forbiddenRenewal is the shortest time between two renewals after a 403: a 403 may be a true denial, and then
	// another token does not help.
	forbiddenRenewal = time.Minute
)

// tokens holds the current access token. One request fetches a token for all callers that wait. A caller stops waiting
// when its context is done, and the request continues for the others. Shortly before the token expires, a call starts a
// renewal in the background. So no call of a busy client waits, and an idle client has neither a goroutine nor a timer.
type tokens struct {
	fetch       func(context.Context) (*oauth2.Token, error) // the error is an *AuthError
	cancellable bool                                         // fetch returns when its context is done; a caller's token source may not
	vault       *vault
	log         *slog.Logger

	mu           sync.Mutex
	current      *oauth2.Token // may be nil, or have expired
	renewAt      time.Time     // when to renew current in the background; zero: never
	pending      *pendingToken // nil if no token is being fetched
	refusal      error         // the last refusal of the credentials; may be nil
	refusalUntil time.Time     // when callers stop sharing refusal
	forbiddenAt  time.Time     // when a 403 last led to a renewal
}

// A pendingToken is a token request in progress. The last caller that stops waiting cancels it, unless it is kept. The
// lock of tokens guards waiting and kept.
type pendingToken struct {
	cancel  context.CancelFunc
	waiting int           // callers that wait
	kept    bool          // a renewal in the background, or a request that can't be canceled
	done    chan struct{} // closed when token and err are set
	token   *oauth2.Token
	err     error
}

func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	if t.current.Valid() {
		defer t.mu.Unlock()
		if !t.renewAt.IsZero() && !time.Now().Before(t.renewAt) {
			t.join().kept = true
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

// replace replaces a denied token. If the client already has another token, replaced is true. If not, pending is the
// request for another token. It counts the caller as waiting, so it is not canceled if the caller does not wait. If an
// earlier 403 led to a renewal less than forbiddenRenewal ago, replace takes this 403 for a true denial, and pending is
// nil.
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
		return false, failedRequest(t.refusal)
	}
	pending = t.join()
	pending.waiting++
	return false, pending
}

// failedRequest returns a token request that has failed.
func failedRequest(err error) *pendingToken {
	done := make(chan struct{})
	close(done)
	return &pendingToken{cancel: func() {}, done: done, err: err}
}

// wait waits for a token until the context is done. The last caller that stops waiting cancels the request, unless the
// request is kept.
func (t *tokens) wait(ctx context.Context, pending *pendingToken) (*oauth2.Token, error) {
	select {
	case <-pending.done:
		return pending.token, pending.err
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if pending.waiting--; pending.waiting == 0 && !pending.kept {
		pending.cancel()
		if t.pending == pending {
			t.pending = nil // the next caller starts a new request
		}
	}
	return nil, fmt.Errorf("waiting for an access token: %w", ctx.Err())
}

func (t *tokens) sharedRefusal() error {
	if time.Now().Before(t.refusalUntil) {
		return t.refusal
	}
	return nil
}

// join returns the token request in progress, or starts one. The lock must be held.
func (t *tokens) join() *pendingToken {
	if t.pending != nil {
		return t.pending
	}
	ctx, cancel := context.WithCancel(context.Background())
	pending := &pendingToken{cancel: cancel, done: make(chan struct{})}
	pending.err = &AuthError{problem: "the token source or the transport called runtime.Goexit"} // replaced if fetch returns or panics
	pending.kept = !t.cancellable
	t.pending = pending
	go func() {
		start := time.Now()
		defer func() {
			if problem := recover(); problem != nil { // the caller can't recover it: this goroutine is not the caller's
				pending.err = &AuthError{problem: "the token source or the transport panicked: " + t.vault.redactor().text(fmt.Sprint(problem), maxErrorText)}
			}
			t.settle(ctx, pending, time.Since(start))
			cancel()
		}()
		pending.token, pending.err = t.fetch(ctx)
	}()
	return pending
}

// settle stores the result of a token request. After a failure the current token stays in use until it expires.
func (t *tokens) settle(ctx context.Context, pending *pendingToken, took time.Duration) {
	defer close(pending.done)
	token, err := pending.token, pending.err
	if ctx.Err() == nil {
		t.report(err, took)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil { // no caller waits for the token anymore, and another request may have started
		return
	}
	now := time.Now()
	if refused := (*AuthError)(nil); errors.As(err, &refused) && refused.isRefusal() {
		t.refusal, t.refusalUntil = err, now.Add(shareRefusal)
	}
	news := err == nil && (t.current == nil || t.current.AccessToken != token.AccessToken || !t.current.Expiry.Equal(token.Expiry))
	if err == nil {
		t.vault.keep(token.AccessToken)
		t.current = token
	}
	t.renewAt = renewalTime(t.current, now, news)
	t.pending = nil
}

// renewalTime returns when to renew a token in the background. If a renewal returned no new token, and at most
// renewBefore is left, the renewal is retried after a part of the remaining time.
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
		t.log.LogAttrs(ctx, slog.LevelWarn, "could not obtain m3ter access token", duration, slog.String("error", err.Error()))
		return
	}
	t.log.LogAttrs(ctx, slog.LevelInfo, "m3ter access token obtained", duration)
}

func newTokens(cfg *config, transport transport) *tokens {
	t := &tokens{vault: cfg.vault, log: cfg.logger}
	if source := cfg.source; source != nil {
		t.fetch = func(context.Context) (*oauth2.Token, error) { return fetchFrom(source, t.vault) }
	} else {
		t.fetch, t.cancellable = newExchange(cfg, transport).fetch, true
	}
	return t
}

// fetchFrom gets a token from the caller's own source. The error is an *AuthError.
func fetchFrom(source oauth2.TokenSource, vault *vault) (*oauth2.Token, error) {
	token, err := source.Token()
	if err == nil {
		err = checkToken(token)
	} else if !errors.As(err, new(*oauth2.RetrieveError)) {
		err = vault.redactor().error(err)
	}
	if err != nil {
		return nil, newAuthError(err, 0, vault.redactor(), "what the token source (WithTokenSource) sends")
	}
	return token, nil
}

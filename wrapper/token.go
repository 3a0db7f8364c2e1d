package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

// withToken waits until there is a valid token, and gives it to the attempt.
func withToken(tokens *tokens, next layer) layer {
	return func(ctx context.Context, c *call) (*answer, error) {
		token, err := tokens.get(ctx)
		if err != nil {
			return nil, err
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
	source oauth2.TokenSource
	redact redactor
	log    *slog.Logger

	mu           sync.Mutex
	current      *oauth2.Token // nil when there is none; may have expired
	renewAt      time.Time     // when to renew current in the background; zero: never
	pending      *pendingToken // nil when none is being fetched
	refusal      error         // of the credentials; nil when there was none
	refusalUntil time.Time     // until when it is shared
	forbiddenAt  time.Time     // when a 403 last renewed the token
}

type pendingToken struct {
	done  chan struct{} // closed when the two below are set
	token *oauth2.Token
	err   error
}

func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	if t.current.Valid() {
		defer t.mu.Unlock()
		if !t.renewAt.IsZero() && !time.Now().Before(t.renewAt) {
			t.join()
		}
		return t.current, nil
	}
	if err := t.sharedRefusal(); err != nil {
		defer t.mu.Unlock()
		return nil, err
	}
	pending := t.join()
	t.mu.Unlock()
	return pending.wait(ctx)
}

// replace sees to it that the current token is another than the denied one, and tells whether it is. When it is not,
// the token is not what the service denies, or can't be renewed for that now.
func (t *tokens) replace(ctx context.Context, denied string, status int) (bool, error) {
	t.mu.Lock()
	if t.current != nil && t.current.AccessToken != denied {
		defer t.mu.Unlock()
		return true, nil
	}
	if err := t.sharedRefusal(); err != nil {
		defer t.mu.Unlock()
		return false, err
	}
	if status == http.StatusForbidden && t.pending == nil {
		if time.Since(t.forbiddenAt) < forbiddenRenewal {
			defer t.mu.Unlock()
			return false, nil
		}
		t.forbiddenAt = time.Now()
	}
	pending := t.join()
	t.mu.Unlock()

	token, err := pending.wait(ctx)
	return err == nil && token.AccessToken != denied, err
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
	pending := &pendingToken{done: make(chan struct{})}
	t.pending = pending
	go func() {
		start := time.Now()
		pending.err = &AuthError{problem: "the token source ended its goroutine"} // unless it returns
		defer func() {
			if problem := recover(); problem != nil { // a caller could not catch it: this goroutine is ours
				pending.err = newAuthError(fmt.Errorf("the token source panicked: %v", problem), t.redact)
			}
			t.report(pending.err, time.Since(start))
			t.mu.Lock()
			defer t.mu.Unlock()
			t.settle(pending.token, pending.err)
			t.pending = nil
			close(pending.done)
		}()
		pending.token, pending.err = t.fetch()
	}()
	return pending
}

// settle takes what a fetch came to. After a failure the current token stays, as long as it is valid.
func (t *tokens) settle(token *oauth2.Token, err error) {
	now := time.Now()
	if refused := (*AuthError)(nil); errors.As(err, &refused) && refused.refused() {
		t.refusal, t.refusalUntil = err, now.Add(shareRefusal)
	}
	news := err == nil && (t.current == nil || t.current.AccessToken != token.AccessToken || !t.current.Expiry.Equal(token.Expiry))
	if err == nil {
		t.current = token
	}
	t.renewAt = renewalTime(t.current, now, news)
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
	return now.Add(max(min(renewBefore, left)/5, invalidBefore))
}

func (t *tokens) report(err error, took time.Duration) {
	ctx, duration := context.Background(), slog.Duration("duration", took)
	if err != nil {
		t.log.LogAttrs(ctx, slog.LevelWarn, "m3ter token can't be had", duration, slog.String("error", err.Error()))
		return
	}
	t.log.LogAttrs(ctx, slog.LevelInfo, "m3ter token fetched", duration)
}

func (p *pendingToken) wait(ctx context.Context) (*oauth2.Token, error) {
	select {
	case <-p.done:
		return p.token, p.err
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a token: %w", ctx.Err())
	}
}

func newTokens(cfg *config, client *http.Client) *tokens {
	source := cfg.source
	if source == nil {
		source = newExchange(cfg, client)
	}
	return &tokens{source: source, redact: cfg.secrets(), log: cfg.logger}
}

func (t *tokens) fetch() (*oauth2.Token, error) {
	token, err := t.source.Token()
	if err == nil {
		err = checkToken(token)
	}
	if err != nil {
		return nil, newAuthError(err, t.redact)
	}
	return token, nil
}

// checkToken refuses a token that no header can carry.
func checkToken(token *oauth2.Token) error {
	if token == nil || token.AccessToken == "" || strings.ContainsFunc(token.AccessToken, unicode.IsControl) {
		return errors.New("there is no access token that could be sent")
	}
	return nil
}

package m3teraccess

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
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

// tokens holds the current token. However many callers wait for one, one request fetches it; each caller's wait ends
// with its own context, and the request goes on for the others.
type tokens struct {
	fetch func() (*oauth2.Token, error)

	mu      sync.Mutex
	current *oauth2.Token // nil when there is none; may have expired
	pending *pendingToken // nil when none is being fetched
	refused refusal
}

type pendingToken struct {
	done  chan struct{} // closed when the two below are set
	token *oauth2.Token
	err   error
}

// A refusal of the credentials is shared for a second, lest every call of a misconfigured program asks again.
type refusal struct {
	err   error
	until time.Time
}

const shareRefusal = time.Second

func newTokens(cfg *config) *tokens {
	source := cfg.source
	if source == nil {
		source = exchange(cfg)
	}
	secrets := cfg.secrets()
	return &tokens{fetch: func() (*oauth2.Token, error) {
		token, err := source.Token()
		if err != nil {
			return nil, newAuthError(err, secrets)
		}
		if !usable(token) {
			return nil, &AuthError{problem: "there is no usable access token in the answer"}
		}
		return token, nil
	}}
}

func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	if t.current.Valid() {
		defer t.mu.Unlock()
		return t.current, nil
	}
	if t.refused.err != nil && time.Now().Before(t.refused.until) {
		defer t.mu.Unlock()
		return nil, t.refused.err
	}
	pending := t.pending
	if pending == nil {
		pending = t.start()
	}
	t.mu.Unlock()

	select {
	case <-pending.done:
		return pending.token, pending.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start fetches a token in the background; the lock is held.
func (t *tokens) start() *pendingToken {
	pending := &pendingToken{done: make(chan struct{})}
	t.pending = pending
	go func() {
		token, err := t.fetch()

		t.mu.Lock()
		defer t.mu.Unlock()
		pending.token, pending.err = token, err
		t.pending = nil
		if err == nil {
			t.current = token
		} else if authErr := (*AuthError)(nil); errors.As(err, &authErr) && authErr.refused() {
			t.refused = refusal{err, time.Now().Add(shareRefusal)}
		}
		close(pending.done)
	}()
	return pending
}

// usable tells whether the token can be sent in a header.
func usable(token *oauth2.Token) bool {
	return token != nil && token.AccessToken != "" && !strings.ContainsFunc(token.AccessToken, unicode.IsControl)
}

// exchange returns a source that exchanges the credentials for a token. It goes through the caller's transport, and
// follows no redirects.
func exchange(cfg *config) oauth2.TokenSource {
	client := &http.Client{
		Transport: &basicAuth{
			next:   cfg.httpClient.Transport,
			origin: originOf(cfg.baseURL),
			value:  cfg.credentials.basic(),
			agent:  cfg.agent(),
		},
		CheckRedirect: refuseRedirect,
		Timeout:       cfg.timeout,
	}
	conf := &clientcredentials.Config{
		TokenURL:  cfg.baseURL.JoinPath("oauth/token").String(),
		AuthStyle: oauth2.AuthStyleInHeader, // or the body would carry the credentials, and a refusal a second try
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, client)
	return tokenSourceFunc(func() (*oauth2.Token, error) { return conf.Token(ctx) })
}

type tokenSourceFunc func() (*oauth2.Token, error)

func (f tokenSourceFunc) Token() (*oauth2.Token, error) { return f() }

// basicAuth sends the credentials as curl -u does, raw: x/oauth2 would escape them, which m3ter does not document. To
// any other origin it sends none.
type basicAuth struct {
	next   http.RoundTripper // nil: the default transport
	origin origin
	value  string
	agent  string
}

func (b *basicAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", b.agent)
	req.Header.Del("Authorization")
	if originOf(req.URL) == b.origin {
		req.Header.Set("Authorization", b.value)
	}
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(req)
}

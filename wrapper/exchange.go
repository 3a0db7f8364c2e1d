package m3teraccess

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// An exchange gets tokens for the credentials of a service user.
type exchange struct {
	oauth  clientcredentials.Config
	policy RetryPolicy
	send   layer
	origin origin
	basic  string // the value of the header that carries the credentials
	agent  string
	vault  *vault
}

func newExchange(cfg *config, transport transport) *exchange {
	return &exchange{
		oauth: clientcredentials.Config{
			TokenURL:  cfg.baseURL.JoinPath("oauth/token").String(),
			AuthStyle: oauth2.AuthStyleInHeader, // or the body would carry the credentials, and a refusal a second try
		},
		policy: cfg.retry,
		send: attempt(func(ctx context.Context, c *call) (*http.Response, error) {
			return transport.send(c.req.WithContext(ctx))
		}, cfg.timeout, cfg.maxResponseBytes),
		origin: originOf(cfg.baseURL),
		basic:  cfg.credentials.basic(),
		agent:  cfg.agent(),
		vault:  cfg.vault,
	}
}

// fetch fetches a token. What the token endpoint refused is final; what it failed at, or what never got there, is tried
// again.
func (e *exchange) fetch(ctx context.Context) (*oauth2.Token, error) {
	for attempt := 1; ; attempt++ {
		try := &tokenRequest{exchange: e}
		client := &http.Client{Transport: try}
		token, err := e.oauth.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err == nil {
			err = checkToken(token)
		} else if !errors.As(err, new(*transportError)) {
			err = e.vault.redactor().error(err) // of x/oauth2, which quotes the answer
		}
		if err == nil {
			return token, nil
		}
		verdict := try.judge()
		wait, asked := e.policy.wait(verdict, attempt, try.answer)
		tooLong := asked && wait > e.policy.MaxRetryAfter
		if verdict == final || verdict == denied || tooLong || attempt == e.policy.MaxAttempts || sleep(ctx, wait) != nil {
			return nil, &exchangeError{status: try.status(), err: err}
		}
	}
}

var opToken = &gen.Operation{Name: "Token", Method: http.MethodPost, Path: "/oauth/token"}

// An exchangeError keeps the status where x/oauth2 does not: an answer of 200 may hold no token either.
type exchangeError struct {
	status int // 0: there was no answer
	err    error
}

func (e *exchangeError) Error() string { return e.err.Error() }
func (e *exchangeError) Unwrap() error { return e.err }

// A tokenRequest is the transport for one try, and keeps what became of it. It makes an attempt like any other: in its
// own time, and with its answer read within bounds.
type tokenRequest struct {
	*exchange
	answer *answer
	err    error
}

// RoundTrip sends the credentials as curl -u does, raw: x/oauth2 would escape them, which m3ter does not document. To
// any other origin it sends none.
func (r *tokenRequest) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	own.Header.Set("Accept", "application/json")
	own.Header.Set("User-Agent", r.agent)
	own.Header.Del("Authorization")
	if originOf(own.URL) == r.origin {
		own.Header.Set("Authorization", r.basic)
	}
	if r.answer, r.err = r.send(own.Context(), &call{op: opToken, req: own, vault: r.vault}); r.err != nil {
		return nil, r.err
	}
	if r.answer.isCut() {
		return nil, r.answer.bodyErr
	}
	r.answer.Body = io.NopCloser(bytes.NewReader(r.answer.body))
	r.answer.Header.Del("Location") // or x/oauth2's client would follow it
	return r.answer.Response, nil
}

// judge judges the try as a read: asking twice does no harm.
func (r *tokenRequest) judge() verdict {
	if r.answer == nil && r.err == nil {
		return final
	}
	return judge(true, r.answer, r.err)
}

func (r *tokenRequest) status() int {
	if r.answer == nil {
		return 0
	}
	return r.answer.StatusCode
}

package m3teraccess

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// An exchange gets tokens for the credentials of a service user.
type exchange struct {
	oauth  clientcredentials.Config
	client *http.Client
	policy RetryPolicy
}

func newExchange(cfg *config, send layer) *exchange {
	return &exchange{
		oauth: clientcredentials.Config{
			TokenURL:  cfg.baseURL.JoinPath("oauth/token").String(),
			AuthStyle: oauth2.AuthStyleInHeader, // or the body would carry the credentials, and a refusal a second try
		},
		client: &http.Client{
			Transport:     &basicAuth{send: send, origin: originOf(cfg.baseURL), value: cfg.credentials.basic(), agent: cfg.agent()},
			CheckRedirect: refuseRedirect,
		},
		policy: cfg.retry,
	}
}

// Token fetches a token. What the token endpoint refused is final; what it failed at, or what never got there, is tried
// again.
func (e *exchange) Token() (*oauth2.Token, error) {
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, e.client)
	for attempt := 1; ; attempt++ {
		token, err := e.oauth.Token(ctx)
		if err == nil {
			return token, nil
		}
		verdict, a := judgeExchange(err)
		wait := e.policy.wait(verdict, attempt, a)
		if verdict == final || attempt == e.policy.MaxAttempts || wait > e.policy.MaxRetryAfter {
			return nil, err
		}
		time.Sleep(wait)
	}
}

// judgeExchange judges a failed request for a token as a read: asking twice does no harm.
func judgeExchange(err error) (verdict, *answer) {
	answered := (*oauth2.RetrieveError)(nil)
	if errors.As(err, &answered) {
		a := &answer{Response: answered.Response}
		if verdict := judge(true, a, nil); verdict != denied {
			return verdict, a
		}
		return final, a
	}
	if broken := (*transportError)(nil); errors.As(err, &broken) {
		return failed, nil
	}
	return final, nil
}

// basicAuth sends the credentials as curl -u does, raw: x/oauth2 would escape them, which m3ter does not document. To
// any other origin it sends none.
type basicAuth struct {
	send   layer
	origin origin
	value  string
	agent  string
}

// RoundTrip makes an attempt like any other: in its own time, and with its answer read within bounds.
func (b *basicAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	own.Header.Set("Accept", "application/json")
	own.Header.Set("User-Agent", b.agent)
	own.Header.Del("Authorization")
	if originOf(own.URL) == b.origin {
		own.Header.Set("Authorization", b.value)
	}
	a, err := b.send(own.Context(), &call{req: own})
	if err != nil {
		return nil, err
	}
	if a.isCut() {
		return nil, a.bodyErr
	}
	a.Body = io.NopCloser(bytes.NewReader(a.body))
	return a.Response, nil
}

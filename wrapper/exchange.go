package m3teraccess

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// An exchange obtains access tokens with the credentials of a service user.
type exchange struct {
	oauth  clientcredentials.Config
	policy RetryPolicy
	send   layer
	origin origin
	basic  string // the value of the Authorization header
	agent  string
	vault  *vault
	log    *slog.Logger
}

func newExchange(cfg *config, transport transport) *exchange {
	return &exchange{
		oauth: clientcredentials.Config{
			TokenURL:  cfg.baseURL.JoinPath("oauth/token").String(),
			AuthStyle: oauth2.AuthStyleInHeader, // no credentials in the request body, no second request if refused
		},
		policy: cfg.retry,
		send: attempt(func(ctx context.Context, c *call) (*http.Response, error) {
			return transport.send(c.req.WithContext(ctx))
		}, transport.isNetHTTP(), cfg.timeout, cfg.maxResponseBytes),
		origin: originOf(cfg.baseURL),
		basic:  cfg.credentials.basic(),
		agent:  cfg.userAgent,
		vault:  cfg.vault,
		log:    cfg.logger,
	}
}

// fetch gets an access token. It retries after a 429, and after a failure of the token endpoint or of the network. Any
// other failure is final. The error is an *AuthError.
func (e *exchange) fetch(ctx context.Context) (*oauth2.Token, error) {
	for attempt := 1; ; attempt++ {
		try := &tokenRequest{exchange: e}
		token, err := try.token(ctx)
		if err == nil {
			return token, nil
		}
		verdict := judge(true, try.outcome) // a token request is as safe to retry as a read
		wait, asked := e.policy.wait(verdict, attempt, try.outcome.answer)
		tooLong := asked && wait > e.policy.MaxRetryAfter
		if verdict == final || verdict == denied || tooLong || attempt == e.policy.MaxAttempts {
			return nil, err
		}
		e.log.LogAttrs(ctx, slog.LevelInfo, "retrying m3ter token request", slog.Int("attempt", attempt),
			slog.String("error", err.Error()), slog.Duration("wait", wait))
		if sleep(ctx, wait) != nil {
			return nil, err
		}
	}
}

var opToken = &gen.Operation{Name: "Token", Method: http.MethodPost, Path: "/oauth/token"}

// A tokenRequest is the http.RoundTripper of one token request and keeps its outcome. It makes an attempt like any
// other, with the same timeout and the same limit on the response body.
type tokenRequest struct {
	*exchange
	outcome outcome
}

// token sends one token request.
func (r *tokenRequest) token(ctx context.Context) (*oauth2.Token, error) {
	const advice = "the access key id and the API secret (WithCredentials, or M3TER_API_KEY and M3TER_API_SECRET), " +
		"and that both belong to the m3ter environment of the base URL"
	token, err := r.oauth.Token(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: r}))
	if err == nil {
		err = checkToken(token)
	} else if err = cmp.Or(r.outcome.err, err); r.outcome.err == nil && !errors.As(err, new(*oauth2.RetrieveError)) {
		err = r.vault.redactor().error(err) // an error of x/oauth2 may quote the response
	}
	if err != nil {
		return nil, newAuthError(err, r.status(), r.vault.redactor(), advice)
	}
	if !token.Expiry.After(time.Now()) {
		token.Expiry = time.Time{} // an expires_in of 0 or less: no expiry is known
	}
	return token, nil
}

// RoundTrip sends the credentials unescaped, as curl -u does: x/oauth2 would escape them, and m3ter does not document
// that. It sends the credentials only to the origin of the base URL.
func (r *tokenRequest) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	own.Header.Set("Accept", "application/json")
	own.Header.Set("User-Agent", r.agent)
	own.Header.Del("Authorization")
	if originOf(own.URL) == r.origin {
		own.Header.Set("Authorization", r.basic)
	}
	r.outcome = r.send(own.Context(), &call{op: opToken, req: own, vault: r.vault})
	a := r.outcome.answer
	if r.outcome.err != nil {
		return nil, r.outcome.err
	}
	body, err := tokenBody(a)
	if err != nil {
		return nil, err
	}
	a.Body = io.NopCloser(bytes.NewReader(body))
	a.Header.Del("Location") // otherwise the http.Client would follow it
	return a.Response, nil
}

// tokenBody returns the response body for x/oauth2. From JSON it takes the members of a token response by their exact
// names, so that x/oauth2 sees no other spelling and no duplicate member. It does not change a form, or the body of a
// response with an error status.
func tokenBody(a *answer) ([]byte, error) {
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	isForm := mediaType == "application/x-www-form-urlencoded" || mediaType == "text/plain" // x/oauth2 reads these as a form
	if a.StatusCode < 200 || a.StatusCode > 299 || isForm {
		return a.body, nil
	}
	var members map[string]json.RawMessage
	if err := unmarshal(withoutMark(a.body), &members); err != nil {
		return nil, err
	}
	known := make(map[string]json.RawMessage)
	for _, name := range []string{"access_token", "token_type", "expires_in", "error", "error_description", "error_uri"} {
		if value, there := members[name]; there {
			known[name] = value
		}
	}
	wholeSeconds(known)
	return json.Marshal(known)
}

// wholeSeconds rounds expires_in down to whole seconds, because x/oauth2 requires an integer. It drops an expires_in of
// less than a second: the expiry of the token is then unknown.
func wholeSeconds(members map[string]json.RawMessage) {
	const name = "expires_in"
	var number json.Number // accepts a number in quotes, as x/oauth2 does
	if json.Unmarshal(members[name], &number) != nil {
		return
	}
	seconds, err := number.Float64()
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange): // expires_in is null
	case seconds < 1:
		delete(members, name)
	default:
		members[name] = strconv.AppendInt(nil, int64(min(seconds, math.MaxInt32)), 10)
	}
}

func (r *tokenRequest) status() int {
	if a := r.outcome.answer; a != nil {
		return a.StatusCode
	}
	return 0
}

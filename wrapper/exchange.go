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

// An exchange gets tokens for the credentials of a service user.
type exchange struct {
	oauth  clientcredentials.Config
	policy RetryPolicy
	send   layer
	origin origin
	basic  string // the value of the header that carries the credentials
	agent  string
	vault  *vault
	log    *slog.Logger
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
		}, transport.isNetHTTP(), cfg.timeout, cfg.maxResponseBytes),
		origin: originOf(cfg.baseURL),
		basic:  cfg.credentials.basic(),
		agent:  cfg.userAgent,
		vault:  cfg.vault,
		log:    cfg.logger,
	}
}

// fetch fetches a token. What the token endpoint refused is final; what it failed at, or what never got there, is tried
// again. The error is an *AuthError.
func (e *exchange) fetch(ctx context.Context) (*oauth2.Token, error) {
	for attempt := 1; ; attempt++ {
		try := &tokenRequest{exchange: e}
		token, err := try.token(ctx)
		if err == nil {
			return token, nil
		}
		verdict := judge(true, try.outcome) // as a read: asking twice does no harm
		wait, asked := e.policy.wait(verdict, attempt, try.outcome.answer)
		tooLong := asked && wait > e.policy.MaxRetryAfter
		if verdict == final || verdict == denied || tooLong || attempt == e.policy.MaxAttempts {
			return nil, err
		}
		e.log.LogAttrs(ctx, slog.LevelInfo, "m3ter token request is tried again", slog.Int("attempt", attempt),
			slog.String("error", err.Error()), slog.Duration("wait", wait))
		if sleep(ctx, wait) != nil {
			return nil, err
		}
	}
}

var opToken = &gen.Operation{Name: "Token", Method: http.MethodPost, Path: "/oauth/token"}

// A tokenRequest is the transport for one try, and keeps what became of it. It makes an attempt like any other: in its
// own time, and with its answer read within bounds.
type tokenRequest struct {
	*exchange
	outcome outcome
}

// token asks for a token once.
func (r *tokenRequest) token(ctx context.Context) (*oauth2.Token, error) {
	const advice = "the access key id and the API secret (WithCredentials, or M3TER_API_KEY and M3TER_API_SECRET), " +
		"and that they are of this environment"
	token, err := r.oauth.Token(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: r}))
	if err == nil {
		err = checkToken(token)
	} else if err = cmp.Or(r.outcome.err, err); r.outcome.err == nil && !errors.As(err, new(*oauth2.RetrieveError)) {
		err = r.vault.redactor().error(err) // of x/oauth2, which quotes the answer
	}
	if err != nil {
		return nil, newAuthError(err, r.status(), r.vault.redactor(), advice)
	}
	if !token.Expiry.After(time.Now()) {
		token.Expiry = time.Time{} // 0 or below: none is known
	}
	return token, nil
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
	a.Header.Del("Location") // or x/oauth2's client would follow it
	return a.Response, nil
}

// tokenBody is the answer as x/oauth2 is to read it. From JSON it takes the members of a token by their exact names, so that
// x/oauth2 sees no other spelling and no member twice. Refusals and forms stay as they are.
func tokenBody(a *answer) ([]byte, error) {
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	isForm := mediaType == "application/x-www-form-urlencoded" || mediaType == "text/plain" // to x/oauth2
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

// wholeSeconds rounds an expires_in down to the whole seconds that x/oauth2 reads. It leaves out one of less than a second,
// which tells no expiry.
func wholeSeconds(members map[string]json.RawMessage) {
	const name = "expires_in"
	var number json.Number // which may be in quotes, as x/oauth2 allows
	if json.Unmarshal(members[name], &number) != nil {
		return
	}
	seconds, err := number.Float64()
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange): // it is null
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

package m3teraccess

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// isRead tells whether sending an operation twice changes no more than sending it once.
func isRead(op *gen.Operation) bool {
	return op.Method == http.MethodGet || op.Method == http.MethodHead || op.Method == http.MethodOptions
}

// A call is one request on its way through the layers.
type call struct {
	op        *gen.Operation
	req       *http.Request
	versioned bool     // it carries a version, so that a refusal may be a conflict
	pace      *pace    // of the organization
	vault     *vault   // the secrets of the client
	attempt   int      // from 1 on; set by the retry layer
	leaves    func()   // to be called when the request has a connection; set by the limit layer; nil: nobody wants to know
	token     string   // of the attempt; set by the token layer
	denied    []string // the tokens of the attempts before
	renewed   bool     // the token was renewed for this call; once is enough
}

// redactor knows what the errors and log lines of the call may not show.
func (c *call) redactor() redactor {
	return c.vault.redactor(append(slices.Clone(c.denied), c.token)...)
}

// An answer is a response whose body was read, as far as it could be.
type answer struct {
	*http.Response
	body    []byte
	bodyErr error // why the body is not whole
}

// A layer sends a call by way of the layers inside it. It returns an answer, whatever its status, or an error.
type layer func(context.Context, *call) (*answer, error)

// pipeline assembles the layers, innermost first. Their order matters:
//
//   - retry is outermost, and the only loop;
//   - the token is there before a slot of the limiter is taken, or all who waited for the token would leave at once;
//   - the limit counts attempts, as the service does;
//   - log lines are written outside of authorize, so that they can't show the header that it sets;
//   - an attempt ends when its answer was read, so that a cut answer is a failed attempt.
func pipeline(cfg *config) layer {
	transport := newTransport(cfg.httpClient)
	tokens := newTokens(cfg, transport)

	layers := attempt(authorize(transport), cfg.timeout, cfg.maxResponseBytes)
	layers = logged(cfg.logger, layers)
	layers = limit(layers)
	layers = withToken(tokens, layers)
	layers = retry(cfg.retry, tokens, cfg.logger, layers)
	return layers
}

// authorize sets the header that carries the token, on a copy: a transport may change what it is given, or still read
// that of an attempt which was given up.
func authorize(transport transport) roundTrip {
	return func(ctx context.Context, c *call) (*http.Response, error) {
		req := c.req.WithContext(ctx)
		address := *c.req.URL
		req.URL, req.Header = &address, c.req.Header.Clone()
		req.Header.Set("Authorization", "Bearer "+c.token)
		return transport.send(req)
	}
}

// An origin is what must be equal for a request to carry a secret.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) origin {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" {
		o.port = map[string]string{"http": "80", "https": "443"}[o.scheme]
	}
	return o
}

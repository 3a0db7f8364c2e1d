package m3teraccess

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// An operation is one of the document, or any other that Do sends.
type operation struct {
	name   string // the method of Client, as errors name it
	method string
	path   string // the template of the path, so that errors name no ids
	find   string // how to learn what became of a write whose outcome is unknown
}

// isRead tells whether sending the operation again can change nothing.
func (o *operation) isRead() bool {
	return o.method == http.MethodGet || o.method == http.MethodHead || o.method == http.MethodOptions
}

// A call is one request on its way through the layers.
type call struct {
	op        *operation
	req       *http.Request
	versioned bool   // it carries a version, so that a refusal may be a conflict
	token     string // of the present attempt; set by the token layer
}

// An answer is a response whose body was read, as far as it could be.
type answer struct {
	*http.Response
	body    []byte
	bodyErr error // why the body is not whole
}

// A layer sends a call by way of the layers inside it. It returns an answer, whatever its status, or an error.
type layer func(context.Context, *call) (*answer, error)

// pipeline assembles the layers, innermost first. Their order matters: the token is there before anything else of an
// attempt begins, and only the innermost layers see the header that carries it.
func pipeline(cfg *config) layer {
	client := *cfg.httpClient
	client.CheckRedirect = refuseRedirect

	layers := attempt(&client, cfg.timeout, cfg.maxResponseBytes)
	layers = authorize(layers)
	layers = withToken(newTokens(cfg), layers)
	return layers
}

// refuseRedirect hands a redirect out as the answer: following it would carry the request, and perhaps the token,
// somewhere else.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// authorize sets the header that carries the token, on a copy: a transport may still read the request of an attempt
// that was given up.
func authorize(next layer) layer {
	return func(ctx context.Context, c *call) (*answer, error) {
		authorized := *c
		authorized.req = c.req.Clone(ctx)
		authorized.req.Header.Set("Authorization", "Bearer "+c.token)
		return next(ctx, &authorized)
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

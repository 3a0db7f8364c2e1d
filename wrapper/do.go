package m3teraccess

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Do sends a request to any other endpoint of m3ter, through the same layers as the methods: the token, the timeout
// and the bounds of a client apply. So a Client is also an HttpRequestDoer for a client of package gen.
//
// The request must go to the scheme, host and port of the base URL; else it is a [*ValidationError], and nothing is
// sent. Its Authorization header is overwritten. It is not changed itself, and redirects are not followed.
//
// Whatever its status, an answer is returned with a nil error: only the methods turn a status into an [*Error]. Its
// body was read, and need not be closed. Its Request lacks the Authorization header.
//
// Errors: [*AuthError]; [*DecodeError] when the answer is longer than [WithMaxResponseBytes] allows; the context's
// error; that of the transport. Of a request that is no GET, HEAD or OPTIONS, an error after which it may have been
// carried out matches [ErrOutcomeUnknown].
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if err := c.validateRequest(req); err != nil {
		closeBody(req)
		return nil, err
	}
	own := req.Clone(req.Context())
	if own.Header == nil {
		own.Header = make(http.Header)
	}
	own.Header.Del("Authorization")
	if own.Header.Get("Accept") == "" {
		own.Header.Set("Accept", "application/json")
	}
	own.Header.Set("User-Agent", c.readHeader.Get("User-Agent"))
	call := c.newCall(operationOf(own), own, false)
	a, err := c.layers(own.Context(), call)
	var noTime *interrupted
	if errors.As(err, &noTime) {
		err = noTime.last
	}
	if sent := (*transportError)(nil); err != nil && !errors.As(err, &sent) {
		closeBody(req) // or nobody would
	}
	if err == nil {
		err = a.bodyErr
	}
	if errors.Is(err, errTooLong) {
		err = newDecodeError(call, a, err)
	}
	if err != nil {
		return nil, call.explain(err, noTime)
	}
	a.Body = io.NopCloser(bytes.NewReader(a.body))
	a.Request = own
	return a.Response, nil
}

// validateRequest keeps the token from leaving for anywhere but the base URL.
func (c *Client) validateRequest(req *http.Request) error {
	const allowed = "a request to the scheme, host and port of the base URL, without a user"
	switch {
	case req == nil || req.URL == nil:
		return invalid("request", allowed, "is nil, or has no URL")
	case originOf(req.URL) != originOf(c.base):
		return invalid("request URL", allowed, "goes to %s", quote(req.URL.Scheme+"://"+req.URL.Host))
	case req.URL.Opaque != "":
		return invalid("request URL", allowed, "is opaque: its path may name another host")
	case req.URL.User != nil:
		return invalid("request URL", allowed, "holds a user or a password")
	case req.Host != "" && req.Host != req.URL.Host:
		return invalid("request Host", allowed, "is %s", quote(req.Host))
	}
	return nil
}

func closeBody(req *http.Request) {
	if req != nil && req.Body != nil {
		req.Body.Close()
	}
}

func operationOf(req *http.Request) *operation {
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	return &operation{
		name: "Do", method: method, path: req.URL.EscapedPath(),
		find: "read what the request would have changed",
	}
}

package m3teraccess

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"unicode"
)

// Do sends a request to any other endpoint of m3ter, through the same layers as the methods: the token, the timeout
// and the bounds of a client apply. So a Client is also an HttpRequestDoer for a client of package gen.
//
// A URL without scheme and host, such as /organizations/{orgId}/support (see [Client.OrganizationID]), is below the base
// URL. Any other must go to the scheme, host and port of the base URL; else it is a [*ValidationError], and nothing is
// sent. Its Authorization header is overwritten. It is not changed itself, and redirects are not followed.
//
// Whatever its status, an answer is returned with a nil error: only the methods turn a status into an [*Error]. Its
// body was read, and need not be closed; that of another status than 2xx is as much of it as came. Its Request lacks the
// Authorization header. The User-Agent is the client's, and so is the organization whose rate counts.
//
// Errors: [*AuthError]; [*DecodeError] when a success is longer than [WithMaxResponseBytes] allows, or its compression
// can't be undone; the context's error; that of the transport. Of a request that is no GET, HEAD or OPTIONS, an error after which it may have been
// carried out matches [ErrOutcomeUnknown].
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	own, err := c.ownRequest(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	call := c.newCall(operationOf(own), own, false)
	a, err := c.layers(own.Context(), call)
	noTime, err := lastOf(err)
	if err == nil && a.StatusCode/100 == 2 {
		err = a.bodyErr
	}
	if isUnreadable(err) {
		err = newDecodeError(call, a, err)
	}
	if err != nil {
		return nil, call.explain(err, noTime)
	}
	a.Body = io.NopCloser(bytes.NewReader(a.body))
	a.Request = own
	return a.Response, nil
}

// ownRequest is a copy of a request as it is to be sent, but for its token.
func (c *Client) ownRequest(req *http.Request) (*http.Request, error) {
	if req == nil || req.URL == nil {
		return nil, invalid("request", "one with a URL", "is nil, or has no URL")
	}
	own := req.Clone(req.Context())
	if u := own.URL; u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") {
		u.Scheme, u.Host = c.base.Scheme, c.base.Host
		u.Path, u.RawPath = c.base.Path+u.Path, c.base.EscapedPath()+u.EscapedPath()
	}
	if err := c.validateRequest(own); err != nil {
		return nil, err
	}
	own.URL.Scheme = strings.ToLower(own.URL.Scheme) // net/http knows no other
	if own.Header == nil {
		own.Header = make(http.Header)
	}
	for name := range own.Header {
		if strings.EqualFold(name, "Authorization") { // also where it was not set by Set
			delete(own.Header, name)
		}
	}
	if own.Header.Get("Accept") == "" {
		own.Header.Set("Accept", "application/json")
	}
	own.Header.Set("User-Agent", c.readHeader.Get("User-Agent"))
	return own, nil
}

// validateRequest keeps the token from leaving for anywhere but the base URL.
func (c *Client) validateRequest(req *http.Request) error {
	const allowed = "a path that begins with a slash, or the scheme, host and port of the base URL, without a user"
	switch {
	case req.URL.Scheme == "" && req.URL.Host == "":
		return invalid("request URL", allowed, "is %s", quote(req.URL.Path))
	case originOf(req.URL) != originOf(c.base):
		return invalid("request URL", allowed, "goes to %s", quote(req.URL.Scheme+"://"+req.URL.Host))
	case req.RequestURI != "":
		return invalid("request", "one that was not received by a server", "has a RequestURI")
	case !isSendable(req):
		return invalid("request", "a method, a query and headers that HTTP can carry", "has one with other characters")
	case req.ContentLength != 0 && isBodyless(req):
		return invalid("request ContentLength", "0 where there is no body", "is %d without a body", req.ContentLength)
	//lint:ignore SA1019 net/http may still be sending what a deprecated Cancel ends
	case req.Cancel != nil:
		return invalid("request Cancel", "a context that ends the request", "is set, and deprecated")
	case req.URL.Opaque != "":
		return invalid("request URL", allowed, "is opaque: its path may name another host")
	case req.URL.User != nil:
		return invalid("request URL", allowed, "holds a user or a password")
	case req.Host != "" && req.Host != req.URL.Host:
		return invalid("request Host", allowed, "is %s", quote(req.Host))
	}
	return nil
}

// isSendable finds what net/http would refuse, or send as something else.
func isSendable(req *http.Request) bool {
	if req.Method != "" && !isToken(req.Method) || strings.ContainsFunc(req.URL.RawQuery, isControlOrSpace) {
		return false
	}
	for name := range req.Trailer {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Trailer", "Transfer-Encoding":
			return false
		}
	}
	for _, header := range []http.Header{req.Header, req.Trailer} {
		for name, values := range header {
			if !isToken(name) || strings.ContainsFunc(strings.Join(values, ""), isControlButTab) {
				return false
			}
		}
	}
	return true
}

// isToken tells whether HTTP can carry it as a method or as the name of a header.
func isToken(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return name != "" && strings.Trim(name, letters+"0123456789!#$%&'*+-.^_`|~") == ""
}

func isControlOrSpace(r rune) bool { return unicode.IsControl(r) || r == ' ' }

func isControlButTab(r rune) bool { return unicode.IsControl(r) && r != '\t' }

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

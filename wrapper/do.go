package m3teraccess

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"unicode"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// Do sends a request to any other endpoint of m3ter, through the same layers as the methods: the token, the timeout
// and the bounds of a client apply.
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
	call := c.newCall(operationOf(own), own)
	out := c.send(own.Context(), call)
	if err := out.err; err != nil {
		if isUnreadable(err) {
			err = newDecodeError(call, out.answer, err)
		}
		return nil, call.explain(err, out)
	}
	out.answer.Body = io.NopCloser(bytes.NewReader(out.answer.body))
	out.answer.Request = own
	return out.answer.Response, nil
}

// ownRequest is a copy of a request as it is to be sent, but for its token.
func (c *Client) ownRequest(req *http.Request) (*http.Request, error) {
	if req == nil || req.URL == nil {
		return nil, invalid("request", "one with a URL", "has none")
	}
	_ = begin(req.Context()) // the context of a request is never nil
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
		return invalid("request URL", allowed, "is %s", gen.Quote(req.URL.Path))
	case originOf(req.URL) != originOf(c.base):
		return invalid("request URL", allowed, "goes to %s", gen.Quote(req.URL.Scheme+"://"+req.URL.Host))
	case req.RequestURI != "":
		return invalid("request", "one to be sent, not one that a server received", "has a RequestURI")
	case !isSendable(req):
		return invalid("request", "one whose method, query and headers HTTP can carry", "has a character in them that it can't")
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
		return invalid("request Host", allowed, "is %s", gen.Quote(req.Host))
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

func operationOf(req *http.Request) *gen.Operation {
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	return &gen.Operation{
		Name: "Do", Method: method, Path: req.URL.EscapedPath(),
		Recovery: "read what the request would have changed",
	}
}

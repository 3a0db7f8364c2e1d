package m3teraccess

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
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
	// In the one spelling that was compared: net/http and a proxy may read another one otherwise.
	own.URL.Scheme, own.URL.Host, own.Host = c.base.Scheme, c.base.Host, ""
	header := make(http.Header, len(own.Header)+2)
	for name, values := range own.Header { // also one that was not set by Set
		name = http.CanonicalHeaderKey(name)
		header[name] = append(header[name], values...)
	}
	header.Del("Authorization")
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	header.Set("User-Agent", c.readHeader.Get("User-Agent"))
	own.Header = header
	return own, nil
}

// validateRequest keeps the token from leaving for anywhere but the base URL, and one request from becoming two.
func (c *Client) validateRequest(req *http.Request) error {
	const allowed = "a path that begins with a slash, or the scheme, host and port of the base URL, without a user"
	switch {
	case req.URL.Scheme == "" && req.URL.Host == "":
		return invalid("request URL", allowed, "is %s", gen.Quote(req.URL.Path))
	case originOf(req.URL) != originOf(c.base):
		return invalid("request URL", allowed, "goes to %s", gen.Quote((&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}).String()))
	case req.URL.Opaque != "":
		return invalid("request URL", allowed, "is opaque: its path may name another host")
	case req.URL.User != nil:
		return invalid("request URL", allowed, "holds a user or a password")
	case hasDotSegment(req.URL.Path):
		return invalid("request URL", `one whose path has no segment "." or ".."`, "has one")
	case req.Host != "" && req.Host != req.URL.Host:
		return invalid("request Host", "that of the URL, or empty", "is %s", gen.Quote(req.Host))
	case req.RequestURI != "":
		return invalid("request RequestURI", "empty, as of a request that no server received", "is %s", gen.Quote(req.RequestURI))
	case strings.ContainsFunc(req.URL.RawQuery, isControlOrSpace):
		return invalid("request URL", "one whose query has no control character and no space", "has one")
	case len(req.TransferEncoding) > 0:
		return invalid("request TransferEncoding", "empty, since net/http chooses how a body is sent", "is %q", req.TransferEncoding)
	case req.ContentLength != 0 && isBodyless(req):
		return invalid("request ContentLength", "0 where there is no body", "is %d", req.ContentLength)
	//lint:ignore SA1019 net/http may still be sending what a deprecated Cancel ends
	case req.Cancel != nil:
		return invalid("request Cancel", "nil, since the context ends a request", "is set")
	}
	return errors.Join(
		validateMethod("request Method", cmp.Or(req.Method, http.MethodGet)),
		validateHeader("request Header", req.Header), validateHeader("request Trailer", req.Trailer))
}

// validateMethod refuses those that speak to a proxy, too: CONNECT asks for a tunnel, and TRACE for an echo of the token.
func validateMethod(field, method string) error {
	if !isToken(method) || method == http.MethodConnect || method == http.MethodTrace {
		return invalid(field, "one of HTTP for a resource, such as POST", "is %s", gen.Quote(method))
	}
	return nil
}

// hasDotSegment finds what would lead out of the base URL's path. A backslash separates segments for some servers.
func hasDotSegment(path string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }),
		func(segment string) bool { return segment == "." || segment == ".." })
}

// validateHeader refuses what net/http would refuse, and what decides where a request ends: that is for net/http to write.
// It leaves out Content-Length and Host itself, under these names.
func validateHeader(field string, header http.Header) error {
	for name, values := range header {
		switch {
		case !isToken(name):
			return invalid(field, "one whose names HTTP can carry", "has the name %s", gen.Quote(name))
		case strings.ContainsFunc(strings.Join(values, ""), isControlButTab):
			return invalid(field, "one whose values have no control character", "has one in %s", name)
		case name == "Content-Length" && field == "request Header" || name == "Host":
		case slices.Contains(framing, strings.ToLower(name)):
			return invalid(field, "one that leaves the framing to net/http", "has %s", name)
		}
	}
	return nil
}

var framing = []string{"content-length", "transfer-encoding", "trailer", "te", "host", "connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings"}

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

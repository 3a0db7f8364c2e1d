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

// Do sends a request for which the client has no method, such as a request whose body is not JSON. The access token,
// the timeout, the retries and the limits of the client apply, as they do for the other methods.
//
// If the URL has no scheme and no host, and its path begins with a slash, Do appends the URL to the base URL. An
// example is "/organizations/" + c.OrganizationID() + "/support". Any other URL must have the scheme, host and port of
// the base URL; otherwise Do returns a [*ValidationError] and sends nothing. Do does not change req, but reads and
// closes its body. It sends a copy with the Authorization and User-Agent headers of the client, under the rate limit of
// the client's organization. If req has no Accept header, the copy has Accept: application/json. Do does not follow
// redirects.
//
// Do returns a response with a nil error, whatever the status: the caller must check StatusCode. Unlike the other
// methods, Do does not turn a status into an [*Error]. The response body is in memory and need not be closed. Unless
// the status is 2xx, the body may be incomplete. The Request of the response has no Authorization header.
//
// Do returns a [*ValidationError], and sends nothing, if the request is not valid. It returns an [*AuthError] if it
// could not obtain an access token. It returns a [*DecodeError] if the body of a successful response is longer than
// [WithMaxResponseBytes] allows or can't be decompressed. Any other error comes from the context, the timeout of an
// attempt, the transport or the limiter. If the request is a write (its method is not GET, HEAD or OPTIONS), the error
// matches [ErrOutcomeUnknown] if it is unknown whether m3ter carried out the write. The outcome of a write is also
// unknown if Do returns a response with status 408 or 5xx and a nil error.
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

// ownRequest returns a copy of a request. The copy is ready to be sent, except for its access token.
func (c *Client) ownRequest(req *http.Request) (*http.Request, error) {
	if req == nil || req.URL == nil {
		return nil, invalid("request", "a request with a URL", "is nil or has no URL")
	}
	_ = begin(req.Context()) // resets the ResponseInfo; it can't fail, because the context of a request is never nil
	if err := validateOrganization(organizationField, c.orgID); err != nil {
		return nil, err
	}
	own := req.Clone(req.Context())
	own.Trailer = req.Trailer // the body may set the values while it is read
	if u := own.URL; u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") {
		u.Scheme, u.Host = c.base.Scheme, c.base.Host
		u.Path, u.RawPath = c.base.Path+u.Path, c.base.EscapedPath()+u.EscapedPath()
	}
	if err := c.validateRequest(own); err != nil {
		return nil, err
	}
	// Use the scheme and host of the base URL, because net/http or a proxy may read another spelling differently.
	own.URL.Scheme, own.URL.Host, own.Host = c.base.Scheme, c.base.Host, ""
	header := make(http.Header, len(own.Header)+2)
	for name, values := range own.Header { // the names may not be canonical if the caller did not use Set or Add
		name = http.CanonicalHeaderKey(name)
		header[name] = append(header[name], values...)
	}
	header.Del("Authorization")
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	header.Set("User-Agent", c.readHeader.Get("User-Agent"))
	own.Header = header
	markBody(own)
	return own, nil
}

// validateRequest ensures that the access token goes only to the origin of the base URL, and that a request can't
// become two requests.
func (c *Client) validateRequest(req *http.Request) error {
	const allowed = "a path that begins with a slash, or a URL with the scheme, host and port of the base URL, without a user"
	switch {
	case req.URL.Scheme == "" && req.URL.Host == "":
		return invalid("request URL", allowed, "is %s", gen.Quote(req.URL.Path))
	case originOf(req.URL) != originOf(c.base):
		return invalid("request URL", allowed, "goes to %s", gen.Quote((&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}).String()))
	case req.URL.Opaque != "":
		return invalid("request URL", allowed, "is opaque: its opaque part may name another host")
	case req.URL.User != nil:
		return invalid("request URL", allowed, "has a user or a password")
	case req.URL.Path != "" && req.URL.Path[0] != '/': // HTTP/1.1 would send it as a URL, which may name another host
		return invalid("request URL", allowed, "has a path that does not begin with a slash")
	case hasDotSegment(req.URL.Path):
		return invalid("request URL", `a URL whose path has no segment "." or ".."`, `has such a segment, or one like "..;x", which some servers read as ".."`)
	case req.Host != "" && req.Host != req.URL.Host:
		return invalid("request Host", "the host of the URL, or empty", "is %s", gen.Quote(req.Host))
	case req.RequestURI != "":
		return invalid("request RequestURI", "empty in a client request", "is %s", gen.Quote(req.RequestURI))
	case strings.ContainsFunc(req.URL.RawQuery, isControlOrSpace):
		return invalid("request URL", "a URL whose query has no control character and no space", "has such a character in its query")
	case len(req.TransferEncoding) > 0:
		return invalid("request TransferEncoding", "empty, since net/http chooses the transfer encoding", "is %q", req.TransferEncoding)
	case req.ContentLength != 0 && isBodyless(req):
		return invalid("request ContentLength", "0 if there is no body", "is %d", req.ContentLength)
	//lint:ignore SA1019 a request canceled with the deprecated Cancel may still be on its way
	case req.Cancel != nil:
		return invalid("request Cancel", "nil, since the context cancels a request", "is set")
	}
	return errors.Join(
		validateMethod("request Method", cmp.Or(req.Method, http.MethodGet)),
		validateHeader("request Header", req.Header), validateHeader("request Trailer", req.Trailer))
}

// validateMethod also refuses two valid methods: CONNECT asks a proxy for a tunnel, and TRACE asks for an echo of the
// access token.
func validateMethod(field, method string) error {
	if !isToken(method) || method == http.MethodConnect || method == http.MethodTrace {
		return invalid(field, "an HTTP method other than CONNECT and TRACE, such as POST", "is %s", gen.Quote(method))
	}
	return nil
}

// hasDotSegment reports whether a server may read a segment of a path as "." or "..". Some servers treat a backslash as
// a slash, and ignore a semicolon and the text after it.
func hasDotSegment(path string) bool {
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
	return slices.ContainsFunc(segments, func(segment string) bool {
		name, _, _ := strings.Cut(segment, ";")
		return name == "." || name == ".."
	})
}

// validateHeader refuses a header that net/http would refuse, and fields that determine where a request goes, where it
// ends, or how its connection is used: only net/http may write these. Host and, except in a trailer, Content-Length are
// allowed in this spelling. In a header, net/http ignores them.
func validateHeader(field string, header http.Header) error {
	for name, values := range header {
		switch {
		case !isToken(name):
			return invalid(field, "a header whose names are valid in HTTP", "has the name %s", gen.Quote(name))
		case strings.ContainsFunc(strings.Join(values, ""), isControlButTab):
			return invalid(field, "a header whose values have no control character other than a tab", "has a control character in %s", name)
		case name == "Content-Length" && field == "request Header" || name == "Host":
		case slices.Contains(framing, strings.ToLower(name)):
			return invalid(field, "a header without the fields that only net/http may set", "has %s", name)
		}
	}
	return nil
}

var framing = []string{"content-length", "transfer-encoding", "trailer", "te", "host", "connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings"}

// isToken reports whether a name is a valid HTTP method or header name.
func isToken(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return name != "" && strings.Trim(name, letters+"0123456789!#$%&'*+-.^_`|~") == ""
}

func isControlOrSpace(r rune) bool { return unicode.IsControl(r) || r == ' ' }

func isControlButTab(r rune) bool { return unicode.IsControl(r) && r != '\t' }

func operationOf(req *http.Request) *gen.Operation {
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	return &gen.Operation{
		Name: "Do", Method: method, Path: req.URL.EscapedPath(),
		Recovery: genericRecovery,
	}
}

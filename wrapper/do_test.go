package m3teraccess

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// A closeCounter counts how often a body is closed.
type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

// Do refuses a request that net/http would refuse later, and closes the body of each request that it does not send.
func TestDoRefusesWhatCannotBeSent(t *testing.T) {
	for name, spoil := range map[string]func(*http.Request){
		"method of two words":      func(r *http.Request) { r.Method = "BAD METHOD" },
		"header of two lines":      func(r *http.Request) { r.Header.Set("X", "a\nb") },
		"header name with a colon": func(r *http.Request) { r.Header["X:"] = []string{"a"} },
		"header name of no token":  func(r *http.Request) { r.Header["X("] = []string{"a"} },
		"header name in Greek":     func(r *http.Request) { r.Header["\u03c7"] = []string{"a"} },
		"trailer of no token":      func(r *http.Request) { r.Trailer = http.Header{"X(": {"a"}} },
		"query of two lines":       func(r *http.Request) { r.URL.RawQuery = "a\r\nb" },
		"request of a server":      func(r *http.Request) { r.RequestURI = "/x" },
		"foreign host":             func(r *http.Request) { r.URL.Host = "elsewhere.test" },
		"host that begins like it": func(r *http.Request) { r.URL.Host = "m3ter.test.example.com" },
		"another port":             func(r *http.Request) { r.URL.Host = "m3ter.test:8443" },
		"another scheme":           func(r *http.Request) { r.URL.Scheme = "http" },
		"host as user of another":  func(r *http.Request) { r.URL.Host, r.URL.User = "elsewhere.test", url.User("m3ter.test") },
		"foreign Host":             func(r *http.Request) { r.Host = "elsewhere.test" },
		"no URL":                   func(r *http.Request) { r.URL = nil },
		"user in the URL":          func(r *http.Request) { r.URL.User = url.UserPassword("u", "hunter2") },
		"path without a slash":     func(r *http.Request) { r.URL = &url.URL{Path: "x"} },
		"path of a user":           func(r *http.Request) { r.URL = &url.URL{Path: "/x", User: url.User("u")} },
		"opaque URL without host":  func(r *http.Request) { r.URL = &url.URL{Opaque: "x"} },
		"opaque path":              func(r *http.Request) { r.URL = &url.URL{Path: "/x", Opaque: "//elsewhere.test/"} },
		"opaque URL":               func(r *http.Request) { r.URL.Opaque = "//elsewhere.test/" },
		"tunnel":                   func(r *http.Request) { r.Method = "CONNECT" },
		"echo":                     func(r *http.Request) { r.Method = "TRACE" },
		"transfer encoding":        func(r *http.Request) { r.TransferEncoding = []string{"identity"} },
		"chunked":                  func(r *http.Request) { r.TransferEncoding = []string{"chunked"} },
		"header of the encoding":   func(r *http.Request) { r.Header.Set("Transfer-Encoding", "chunked") },
		"lower-case length":        func(r *http.Request) { r.Header["content-length"] = []string{"0"} },
		"lower-case host":          func(r *http.Request) { r.Header["host"] = []string{"elsewhere.test"} },
		"upgrade":                  func(r *http.Request) { r.Header.Set("Upgrade", "h2c") },
		"connection":               func(r *http.Request) { r.Header.Set("Connection", "Transfer-Encoding") },
		"trailer of the length":    func(r *http.Request) { r.Trailer = http.Header{"Content-Length": {"3"}} },
		"path of another host":     func(r *http.Request) { r.URL.Path = "http://elsewhere.test/x" },
		"dots":                     func(r *http.Request) { r.URL = &url.URL{Path: "/../x"} },
		"dots at the end":          func(r *http.Request) { r.URL = &url.URL{Path: "/x/.."} },
		"escaped dots":             func(r *http.Request) { r.URL, _ = url.Parse("/%2e%2e/x") },
		"dots before a semicolon":  func(r *http.Request) { r.URL, _ = url.Parse("/x/..;a=b/y") },
		"dots in an absolute URL":  func(r *http.Request) { r.URL, _ = url.Parse("https://m3ter.test/a/./x") },
		"trailer, lower case":      func(r *http.Request) { r.Trailer = http.Header{"content-length": nil} },
		"trailer of the encoding":  func(r *http.Request) { r.Trailer = http.Header{"Transfer-Encoding": nil} },
		"length of nothing":        func(r *http.Request) { r.ContentLength, r.Body = 5, nil },
		"negative length":          func(r *http.Request) { r.ContentLength, r.Body = -1, nil },
		"length of no body":        func(r *http.Request) { r.ContentLength, r.Body = 5, http.NoBody },
		"space in the query":       func(r *http.Request) { r.URL.RawQuery = "a b" },
		//lint:ignore SA1019 Do refuses it, since net/http knows it
		"cancel": func(r *http.Request) { r.Cancel = make(chan struct{}) },
	} {
		s := &script{}
		body := &closeCounter{Reader: strings.NewReader("body")}
		req := newRequest(t, "POST", "https://m3ter.test/x", body)
		spoil(req)
		_, err := newScripted(t, s).Do(req)
		if !errors.As(err, new(*ValidationError)) || len(s.attempts) > 0 || s.tokens.Load() > 0 || strings.Contains(err.Error(), "hunter2") ||
			req.Body == body && body.closed != 1 {
			t.Errorf("%s: %v; sent %d, closed %d times", name, err, len(s.attempts), body.closed)
		}
	}
	if _, err := newScripted(t, &script{}).Do(nil); !errors.As(err, new(*ValidationError)) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := newScripted(t, &script{}).Organization("..").Do(newRequest(t, "GET", "https://m3ter.test/x", nil)); !errors.As(err, new(*ValidationError)) {
		t.Errorf("without an organization: %v", err)
	}
	body := &closeCounter{Reader: strings.NewReader("body")}
	req := newRequest(t, "POST", "https://m3ter.test/x", body)
	if _, err := newScripted(t, &script{token: answers(401, `{}`)}).Do(req); err == nil || body.closed != 1 {
		t.Errorf("without an access token: %v; closed %d times", err, body.closed)
	}
}

// Do sends no access token but that of the client, whatever the spelling of the caller's header.
func TestDoOverwritesAuthorization(t *testing.T) {
	s := &script{}
	req := newRequest(t, "POST", "HTTPS://m3ter.test:443/x", strings.NewReader("body"))
	req.Header = http.Header{"authorization": {"Bearer mine"}, "Authorization": {"Bearer mine"}, "Host": {"example.com"}, "X-More": {"kept"}}
	resp, err := newScripted(t, s).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	sent := s.attempts[0]
	want := http.Header{
		"Accept": {"application/json"}, "Authorization": {"Bearer token-1"}, "Host": {"example.com"},
		"User-Agent": {"m3ter-access-go/" + version}, "X-More": {"kept"},
	}
	if sent.Host == "example.com" || !reflect.DeepEqual(sent.Header, want) {
		t.Errorf("sent to %q with %v", sent.Host, sent.Header)
	}
	if delete(want, "Authorization"); !reflect.DeepEqual(resp.Request.Header, want) {
		t.Errorf("the request of the response has %v", resp.Request.Header)
	}
	if req.Header.Get("User-Agent") != "" || len(req.Header) != 4 {
		t.Errorf("Do changed the caller's request: %v", req.Header)
	}
}

// The response body of a success must be complete. Of any other response, Do returns the part that arrived.
func TestDoWithBodiesThatAreNotWhole(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, status := range []int{200, 404} {
		cutShort := changed(cut, func(resp *http.Response) { resp.StatusCode = status })
		for name, response := range map[string]step{"cut": cutShort, "long": answers(status, long)} {
			req := newRequest(t, "POST", "https://m3ter.test/x", strings.NewReader("body"))
			resp, err := newScripted(t, &script{steps: []step{response}}, WithMaxResponseBytes(50), withToken1).Do(req)
			if status == 200 {
				if !errors.Is(err, ErrOutcomeUnknown) {
					t.Errorf("%s 200: %v", name, err)
				}
				continue
			}
			if err != nil || resp.StatusCode != status {
				t.Fatalf("%s 404: %v, %v", name, resp, err)
			}
			if body, err := io.ReadAll(resp.Body); err != nil || len(body) == 0 || len(body) > 50 {
				t.Errorf("%s 404: %q, %v", name, body, err)
			}
		}
	}
}

// Do returns the last response, whatever its status, even if there is no time for another attempt.
func TestDoReturnsTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newScripted(t, &script{steps: []step{answers(429, `{}`, "Retry-After: 3600"), answers(503, `{}`)}})
		for _, status := range []int{429, 503} {
			req := newRequest(t, "POST", "https://m3ter.test/x", strings.NewReader("body"))
			if resp, err := client.Do(req); err != nil || resp.StatusCode != status {
				t.Errorf("%v, %v", resp, err)
			}
			time.Sleep(time.Second) // for the hold-back
		}
	})
}

// A huge bound does not overflow. The client does not trust the Content-Length.
func TestHugeBounds(t *testing.T) {
	lies := changed(answers(200, `{"id":"1"}`), func(resp *http.Response) { resp.ContentLength = 1 << 62 })
	for _, bound := range []int64{math.MaxInt64, math.MaxInt64 - 1} {
		if err := doWrite(t, newScripted(t, &script{steps: []step{lies}}, WithMaxResponseBytes(bound))); err != nil {
			t.Error(err)
		}
	}
	policy := RetryPolicy{MinBackoff: math.MaxInt64, MaxBackoff: math.MaxInt64}
	if got := policy.backoff(3); got < 0 {
		t.Errorf("waits %v", got)
	}
}

// The client's error has no URL, no long response line and no control characters of an error of the transport.
func TestErrorsOfTheTransportAreFit(t *testing.T) {
	text := "malformed\x9b\xff\r\n" + strings.Repeat("x", 1<<20)
	long := &url.Error{Op: "Get", URL: "https://m3ter.test/organizations/org/users/user-1?nextToken=t", Err: errors.New(text)}
	err := doRead(t, newScripted(t, &script{steps: always(foreign(long))}, atOnce))
	text = err.Error()
	if len(text) > 2<<10 || strings.Contains(text, "user-1") || strings.ContainsAny(text, "\r\n") || !utf8.ValidString(text) ||
		!strings.Contains(text, "malformed") {
		t.Errorf("%d bytes: %.200q", len(text), text)
	}
}

// Do appends a path to the base URL, and keeps its escapes. The request needs no header.
func TestDoTakesPaths(t *testing.T) {
	for _, base := range []string{"https://m3ter.test", "https://m3ter.test/a%2Fb"} {
		s := &script{}
		client := newScripted(t, s, WithBaseURL(base))
		req := newRequest(t, "GET", "/organizations/"+client.OrganizationID()+"/a%2Fb?q=%20", nil)
		req.Method, req.Header = "", nil
		resp, err := client.Do(req)
		if err != nil || s.attempts[0].Header.Get("Accept") != "application/json" {
			t.Fatal(resp, err)
		}
		want := base + "/organizations/org/a%2Fb?q=%20"
		if got := s.attempts[0].URL.String(); got != want || resp.Request.URL.String() != want || req.URL.Host != "" {
			t.Errorf("sent to %s, want %s; the caller's is %s", got, want, req.URL)
		}
	}
}

// The text of an error of the caller's body is no proof, even if net/http uses the same text for a refused request.
func TestErrorOfTheCallersBody(t *testing.T) {
	for _, text := range []string{refusedStream, "http2: Transport received Server's graceful shutdown GOAWAY"} {
		s := &script{}
		sends := step(func(req *http.Request) (*http.Response, error) {
			_, err := io.ReadAll(req.Body)
			s.attempts = append(s.attempts, req)
			return nil, err
		})
		broken := func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("{}"), readerFunc(func([]byte) (int, error) { return 0, errors.New(text) }))), nil
		}
		req := newRequest(t, "POST", "https://m3ter.test/x", nil)
		req.Body, _ = broken()
		req.GetBody = broken
		_, err := newScripted(t, s, WithHTTPClient(&http.Client{Transport: sends}), withToken1).Do(req)
		if !errors.Is(err, ErrOutcomeUnknown) || len(s.attempts) != 1 || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v after %d attempts", text, err, len(s.attempts))
		}
		rewound, _ := sentBy(t, req).GetBody()
		if _, err := io.ReadAll(rewound); refusal(errors.Join(err)) != "" {
			t.Errorf("%s: the error of a rewound body, behind a wrapper, is a proof", text)
		}
	}
}

// sentBy returns the request that Do would send for a request.
func sentBy(t *testing.T, req *http.Request) *http.Request {
	t.Helper()
	own, err := newScripted(t, &script{}).ownRequest(req)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// The body may set the values of the trailer while it is read.
func TestTrailerThatTheBodySets(t *testing.T) {
	var sent http.Header
	reads := step(func(req *http.Request) (*http.Response, error) {
		_, err := io.ReadAll(req.Body)
		sent = req.Trailer.Clone()
		return &http.Response{StatusCode: 204, Body: http.NoBody}, err
	})
	req := newRequest(t, "POST", "https://m3ter.test/x", nil)
	req.Trailer = http.Header{"X-Sum": nil}
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader("abc"), readerFunc(func([]byte) (int, error) {
		req.Trailer.Set("X-Sum", "42")
		return 0, io.EOF
	})))
	if _, err := newScripted(t, &script{}, WithHTTPClient(&http.Client{Transport: reads}), withToken1).Do(req); err != nil || sent.Get("X-Sum") != "42" {
		t.Errorf("%v; sent the trailer %v", err, sent)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A zero Client fails with an error.
func TestZeroClient(t *testing.T) {
	for name, client := range map[string]*Client{"zero": {}, "with an organization": (&Client{}).Organization("org")} {
		_, err := client.Do(newRequest(t, "GET", "/x", nil))
		for _, m := range methods {
			err = errors.Join(err, m.call(t.Context(), client))
		}
		if !errors.As(err, new(*ValidationError)) || strings.Count(err.Error(), "organization id") != 1+len(methods) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

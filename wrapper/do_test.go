package m3teraccess

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// newRequestTo makes a request with a body that tells whether it was closed.
func newRequestTo(t *testing.T, address string) (*http.Request, *closeCounter) {
	t.Helper()
	body := &closeCounter{Reader: strings.NewReader("body")}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
	if err != nil {
		t.Fatal(err)
	}
	return req, body
}

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error {
	c.closed++
	return nil
}

// What net/http would refuse without telling whether it was sent is refused before, and the body closed.
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
		"dots":                     func(r *http.Request) { r.URL = &url.URL{Path: "/../x"} },
		"dots at the end":          func(r *http.Request) { r.URL = &url.URL{Path: "/x/.."} },
		"escaped dots":             func(r *http.Request) { r.URL, _ = url.Parse("/%2e%2e/x") },
		"dots in an absolute URL":  func(r *http.Request) { r.URL, _ = url.Parse("https://m3ter.test/a/./x") },
	} {
		s := &script{}
		req, body := newRequestTo(t, "https://m3ter.test/x")
		spoil(req)
		_, err := newScripted(t, s).Do(req)
		var wrong *ValidationError
		if !errors.As(err, &wrong) || s.sent() != 0 || s.tokenRequests() != 0 || body.closed != 1 || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v; sent %d, closed %d times", name, err, s.sent(), body.closed)
		}
	}
	if _, err := newScripted(t, &script{}).Do(nil); !errors.As(err, new(*ValidationError)) {
		t.Errorf("nothing: %v", err)
	}
}

func TestDoClosesTheBodyOfWhatIsNotSent(t *testing.T) {
	s := &script{token: answers(401, `{}`)}
	req, body := newRequestTo(t, "https://m3ter.test/x")
	if _, err := newScripted(t, s).Do(req); err == nil || body.closed != 1 {
		t.Errorf("%v; closed %d times", err, body.closed)
	}
}

// The token of the client is the only one, however the caller's header is spelled.
func TestDoOverwritesAuthorization(t *testing.T) {
	s := &script{}
	req, _ := newRequestTo(t, "HTTPS://m3ter.test:443/x")
	req.Header = http.Header{"authorization": {"Bearer mine"}, "Authorization": {"Bearer mine"}, "Host": {"example.com"}, "X-More": {"kept"}}
	resp, err := newScripted(t, s).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if sent := s.attempts[0]; sent.Host == "example.com" || sent.Header.Get("X-More") != "kept" {
		t.Errorf("sent to %q with %v", sent.Host, sent.Header)
	}
	for name, values := range s.attempts[0].Header {
		if strings.EqualFold(name, "Authorization") && (len(values) != 1 || values[0] != "Bearer token-1") {
			t.Errorf("sent %s: %q", name, values)
		}
	}
	for name := range resp.Request.Header {
		if strings.EqualFold(name, "Authorization") {
			t.Errorf("the request that is handed out has %s", name)
		}
	}
	if req.Header.Get("User-Agent") != "" || len(req.Header) != 4 {
		t.Errorf("the caller's request was changed: %v", req.Header)
	}
}

func TestDoTakesARequestWithoutHeader(t *testing.T) {
	s := &script{}
	resp, err := newScripted(t, s).Do((&http.Request{URL: &url.URL{Scheme: "https", Host: "m3ter.test", Path: "/x"}}).WithContext(t.Context()))
	if err != nil || resp.StatusCode != 200 || s.attempts[0].Header.Get("Accept") != "application/json" {
		t.Errorf("%v, %v", resp, err)
	}
}

// A status that is no success is handed out with what came of the body; of a success the body must be whole.
func TestDoWithBodiesThatAreNotWhole(t *testing.T) {
	cutAt := func(status int) step {
		return func(req *http.Request) (*http.Response, error) {
			resp, err := cut(req)
			resp.StatusCode = status
			return resp, err
		}
	}
	tests := []struct {
		name   string
		step   step
		status int // 0: an error
	}{
		{"cut 404", cutAt(404), 404},
		{"cut 200", cutAt(200), 0},
		{"long 404", answers(404, strings.Repeat("x", 100)), 404},
		{"long 200", answers(200, strings.Repeat("x", 100)), 0},
	}
	for _, tt := range tests {
		s := &script{steps: []step{tt.step}}
		req, _ := newRequestTo(t, "https://m3ter.test/x")
		resp, err := newScripted(t, s, WithMaxResponseBytes(50), WithTokenSource(staticToken{})).Do(req)
		if tt.status == 0 {
			if !errors.Is(err, ErrOutcomeUnknown) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil || resp.StatusCode != tt.status {
			t.Errorf("%s: %v, %v", tt.name, resp, err)
			continue
		}
		if body, err := io.ReadAll(resp.Body); err != nil || len(body) == 0 || len(body) > 50 {
			t.Errorf("%s: %q, %v", tt.name, body, err)
		}
	}
}

// The last answer is handed out, whatever its status, also when there was no time for another attempt.
func TestDoReturnsTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{answers(429, `{}`, "Retry-After: 3600"), answers(503, `{}`)}}
		client := newScripted(t, s)
		for _, status := range []int{429, 503} {
			req, _ := newRequestTo(t, "https://m3ter.test/x")
			if resp, err := client.Do(req); err != nil || resp.StatusCode != status {
				t.Errorf("%v, %v", resp, err)
			}
			time.Sleep(time.Second) // what the others were held back for
		}
	})
}

// A huge bound is a bound all the same, and what a server announces is not believed.
func TestHugeBounds(t *testing.T) {
	lies := func(req *http.Request) (*http.Response, error) {
		resp, err := answers(200, `{"id":"1"}`)(req)
		resp.ContentLength = 1 << 62
		return resp, err
	}
	for _, bound := range []int64{math.MaxInt64, math.MaxInt64 - 1} {
		s := &script{steps: []step{lies}}
		if err := methods[1].call(t.Context(), newScripted(t, s, WithMaxResponseBytes(bound))); err != nil {
			t.Error(err)
		}
	}
	policy := RetryPolicy{MinBackoff: math.MaxInt64, MaxBackoff: math.MaxInt64}
	if got := policy.backoff(3); got < 0 {
		t.Errorf("waits %v", got)
	}
}

// A transport may say the whole URL, a response line of any length, and control characters.
func TestErrorsOfTheTransportAreFit(t *testing.T) {
	long := &url.Error{Op: "Get", URL: "https://m3ter.test/organizations/org/users/user-1?nextToken=t", Err: errors.New("malformed\x9b\xff\r\n" + strings.Repeat("x", 1<<20))}
	s := &script{}
	for range 4 {
		s.steps = append(s.steps, foreign(long))
	}
	synctest.Test(t, func(t *testing.T) {
		_, err := newScripted(t, s).UserPermissionsPage(t.Context(), "user-1", PageParams{NextToken: "t"})
		text := err.Error()
		if len(text) > 2<<10 || strings.Contains(text, "user-1") || strings.ContainsAny(text, "\r\n") || !utf8.ValidString(text) || !strings.Contains(text, "malformed") {
			t.Errorf("%d bytes: %.200q", len(text), text)
		}
	})
}

// A path is below the base URL, escaped as it was.
func TestDoTakesPaths(t *testing.T) {
	for _, base := range []string{"https://m3ter.test", "https://m3ter.test/a%2Fb"} {
		s := &script{}
		client := newScripted(t, s, WithBaseURL(base))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/organizations/"+client.OrganizationID()+"/a%2Fb?q=%20", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		want := base + "/organizations/org/a%2Fb?q=%20"
		if got := s.attempts[0].URL.String(); got != want || resp.Request.URL.String() != want || req.URL.Host != "" {
			t.Errorf("sent to %s, want %s; the caller's is %s", got, want, req.URL)
		}
	}
}

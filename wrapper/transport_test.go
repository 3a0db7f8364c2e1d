package m3teraccess

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

func TestCookiesOfTheJarTravel(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	counting := &countingJar{CookieJar: jar}
	s := &script{steps: []step{answers(200, `{"id":"1"}`, "Set-Cookie: lane=blue")}}
	client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: s, Jar: counting}))
	for range 2 {
		if _, err := client.UserPermissionsPage(t.Context(), "user", PageParams{}); err != nil {
			t.Fatal(err)
		}
	}
	first, second := s.attempts[0].Header.Get("Cookie"), s.attempts[1].Header.Get("Cookie")
	if first != "" || second != "lane=blue" || counting.set != 1 {
		t.Errorf("sent %q, then %q; the jar was told %d times", first, second, counting.set)
	}
}

type countingJar struct {
	http.CookieJar
	set int
}

func (j *countingJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.set++
	j.CookieJar.SetCookies(u, cookies)
}

// Whichever of the two timeouts is shorter ends the attempt.
func TestTimeoutOfTheHTTPClient(t *testing.T) {
	for _, test := range []struct{ theirs, ours, want time.Duration }{
		{time.Second, time.Minute, time.Second},
		{time.Minute, time.Second, time.Second},
		{0, time.Second, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{hangs}}
			client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: s, Timeout: test.theirs}), WithTimeout(test.ours),
				WithRetry(RetryPolicy{MaxAttempts: 1}))
			start := time.Now()
			_, err := client.UserPermissionsPage(t.Context(), "user", PageParams{})
			if took := time.Since(start); took != test.want || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v and %v: it ended after %v: %v", test.theirs, test.ours, took, err)
			}
		})
	}
}

// What a transport does to a request does not reach the next attempt.
func TestTransportThatChangesRequests(t *testing.T) {
	s := &script{steps: []step{answers(503, `{}`), answers(503, `{}`)}}
	prefix := roundTripper(func(req *http.Request) (*http.Response, error) {
		req.URL.Path = "/proxy" + req.URL.Path
		req.Header.Add("Via", "proxy")
		return s.RoundTrip(req)
	})
	client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: prefix}), WithRetry(RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
	if _, err := client.UserPermissionsPage(t.Context(), "user", PageParams{}); err != nil {
		t.Fatal(err)
	}
	last := s.attempts[2]
	if last.URL.Path != "/proxy/organizations/org/users/user/permissions" || len(last.Header["Via"]) != 1 {
		t.Errorf("the third attempt went to %s, by %q", last.URL.Path, last.Header["Via"])
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A server that speaks no TLS is named as what it is.
func TestHTTPServerAtAnHTTPSAddress(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client, err := NewClient(WithBaseURL("https"+strings.TrimPrefix(server.URL, "http")), WithOrganization("org"),
		WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token"})), WithRetry(RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.UserPermissionsPage(t.Context(), "user", PageParams{}); !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("got %v", err)
	}
}

// A transport that breaks the rules is an error, not a panic.
func TestTransportWithoutAnAnswer(t *testing.T) {
	for name, answer := range map[string]*http.Response{"nothing": nil, "no body": {StatusCode: 200, ContentLength: 10}} {
		s := &script{steps: []step{func(*http.Request) (*http.Response, error) { return answer, nil }}}
		client := newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 1}))
		if _, err := client.UserPermissionsPage(t.Context(), "user", PageParams{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

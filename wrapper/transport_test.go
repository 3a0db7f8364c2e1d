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
)

func TestCookiesOfTheJarTravel(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	counting := &countingJar{CookieJar: jar}
	s := &script{steps: []step{answers(200, `{"id":"1"}`, "Set-Cookie: lane=blue")}}
	client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: s, Jar: counting}))
	if err := errors.Join(doRead(t, client), doRead(t, client)); err != nil {
		t.Fatal(err)
	}
	first, second := s.attempts[0].Header.Get("Cookie"), s.attempts[1].Header.Get("Cookie")
	if first != "" || second != "lane=blue" || counting.set != 1 {
		t.Errorf("sent %q, then %q; the jar got cookies %d times", first, second, counting.set)
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

// The shorter of the two timeouts applies to an attempt.
func TestTimeoutOfTheHTTPClient(t *testing.T) {
	for _, test := range []struct{ client, option, want time.Duration }{
		{time.Second, time.Minute, time.Second},
		{time.Minute, time.Second, time.Second},
		{0, time.Second, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{hangs}}
			limited := &http.Client{Transport: s, Timeout: test.client}
			start := time.Now()
			err := doRead(t, newScripted(t, s, WithHTTPClient(limited), WithTimeout(test.option), onceOnly))
			if took := time.Since(start); took != test.want || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v and %v: it ended after %v: %v", test.client, test.option, took, err)
			}
		})
	}
}

// A transport that changes a request doesn't change the next attempt.
func TestTransportThatChangesRequests(t *testing.T) {
	s := &script{steps: []step{answers(503, `{}`), answers(503, `{}`)}}
	prefix := step(func(req *http.Request) (*http.Response, error) {
		req.URL.Path = "/proxy" + req.URL.Path
		req.Header.Add("Via", "proxy")
		return s.RoundTrip(req)
	})
	if err := doRead(t, newScripted(t, s, WithHTTPClient(&http.Client{Transport: prefix}), atOnce)); err != nil {
		t.Fatal(err)
	}
	last := s.attempts[2]
	if last.URL.Path != "/proxy/organizations/org/users/user/permissions" || len(last.Header["Via"]) != 1 {
		t.Errorf("the third attempt went to %s, by %q", last.URL.Path, last.Header["Via"])
	}
}

// The error reports a server without TLS.
func TestHTTPServerAtAnHTTPSAddress(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := "https" + strings.TrimPrefix(server.URL, "http")
	client := newScripted(t, &script{}, WithHTTPClient(server.Client()), WithBaseURL(address), withToken1, onceOnly)
	if err := doRead(t, client); !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("got %v", err)
	}
}

// A transport that breaks the rules causes an error, not a panic.
func TestTransportWithoutAnAnswer(t *testing.T) {
	for name, resp := range map[string]*http.Response{"nothing": nil, "no body": {StatusCode: 200, ContentLength: 10}} {
		s := &script{steps: []step{func(*http.Request) (*http.Response, error) { return resp, nil }}}
		if err := doRead(t, newScripted(t, s, onceOnly)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

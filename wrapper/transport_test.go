package m3teraccess

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestCookiesOfTheJarTravel(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{steps: []step{answers(200, `{"id":"1"}`, "Set-Cookie: lane=blue")}}
	client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: s, Jar: jar}))
	for range 2 {
		if _, err := client.UserPermissionsPage(t.Context(), "user", PageParams{}); err != nil {
			t.Fatal(err)
		}
	}
	first, second := s.attempts[0].Header.Get("Cookie"), s.attempts[1].Header.Get("Cookie")
	if first != "" || second != "lane=blue" {
		t.Errorf("sent %q, then %q", first, second)
	}
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

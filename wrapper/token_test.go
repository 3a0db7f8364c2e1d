package m3teraccess

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// slowly makes a step take some time.
func slowly(d time.Duration, then step) step {
	return func(req *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return then(req)
	}
}

// tokenFor makes a step that answers with a new access token each time.
func tokenFor(seconds string) step {
	var n atomic.Int64
	return func(req *http.Request) (*http.Response, error) {
		return answers(200, `{"access_token":"t`+time.Duration(n.Add(1)).String()+`","token_type":"Bearer","expires_in":`+seconds+`}`)(req)
	}
}

// On a busy client no call waits for a renewal. An idle client does nothing.
func TestRenewalInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: slowly(2*time.Second, tokenFor("60"))}
		client := newScripted(t, s)
		if err := doRead(t, client); err != nil { // this call waits
			t.Fatal(err)
		}
		for range 3000 { // five minutes
			time.Sleep(100 * time.Millisecond)
			start := time.Now()
			if err := doRead(t, client); err != nil || time.Since(start) != 0 {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
		}
		// A margin takes 10 of the 60 seconds. The client renews the token in the last fifth of the other 50 seconds.
		if s.tokens.Load() < 6 || s.tokens.Load() > 9 {
			t.Errorf("%d token requests in five minutes", s.tokens.Load())
		}
		time.Sleep(3 * time.Second) // for a renewal to end
		before := s.tokens.Load()
		time.Sleep(24 * time.Hour)
		if s.tokens.Load() != before {
			t.Error("an idle client fetched an access token")
		}
		// The bubble ends only if no goroutine is left.
	})
}

// Calls use the old access token while it is valid. The client makes few token requests, not one for each call.
func TestFailedRenewalKeepsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: tokenFor("3610")}
		client := newScripted(t, s, onceOnly)
		if err := doRead(t, client); err != nil {
			t.Fatal(err)
		}
		s.setToken(answers(401, `{"error":"invalid_client"}`))
		time.Sleep(56 * time.Minute) // the client renews the token five minutes before it expires
		for range 3 * 60 {
			time.Sleep(time.Second)
			if err := doRead(t, client); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if s.tokens.Load() < 3 || s.tokens.Load() > 10 {
			t.Errorf("%d token requests", s.tokens.Load())
		}
		s.setToken(tokenFor("3610"))
		time.Sleep(50 * time.Second)
		before := s.tokens.Load()
		doRead(t, client)
		synctest.Wait()
		time.Sleep(10 * time.Minute)
		if err := doRead(t, client); err != nil || s.tokens.Load() != before+1 {
			t.Errorf("%v after %d more token requests", err, s.tokens.Load()-before)
		}
	})
}

func TestTokenRequestsAreRetried(t *testing.T) {
	for name, tt := range map[string]struct {
		failure  step
		requests int64         // including the successful one
		wait     time.Duration // 0: any
	}{
		"503":                   {answers(503, `busy`), 2, 0},
		"429":                   {answers(429, `{}`), 2, time.Second},
		"429 with Retry-After":  {answers(429, `{}`, "Retry-After: 4"), 2, 4 * time.Second},
		"reset":                 {breaks(errors.New("reset")), 2, 0},
		"cut":                   {cut, 2, 0},
		"timeout":               {hangs, 2, 0},
		"400":                   {answers(400, `{"error":"invalid_request"}`), 1, 0},
		"401":                   {answers(401, `{"error":"invalid_client"}`), 1, 0},
		"403":                   {answers(403, `{}`), 1, 0},
		"302":                   {answers(302, ``, "Location: https://elsewhere.test"), 1, 0},
		"429, too long a delay": {answers(429, `{}`, "Retry-After: 40"), 1, 0},
	} {
		t.Run(name, bubbled(func(t *testing.T) {
			var asked atomic.Int64
			s := &script{token: func(req *http.Request) (*http.Response, error) {
				if asked.Add(1) == 1 {
					return tt.failure(req)
				}
				return tokenFor("18000")(req)
			}}
			start := time.Now()
			err := doRead(t, newScripted(t, s))
			if (err == nil) != (tt.requests == 2) || s.tokens.Load() != tt.requests || tt.wait != 0 && time.Since(start) != tt.wait {
				t.Errorf("%v after %v and %d token requests", err, time.Since(start), s.tokens.Load())
			}
		}))
	}
}

// A permission that is missing costs one token request a minute, not one a call.
func TestForbiddenRenewsOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: tokenFor("18000")}
		for range 1000 {
			s.steps = append(s.steps, answers(403, `{}`))
		}
		client := newScripted(t, s)
		for range 150 { // two and a half minutes
			if err := doRead(t, client); !errors.Is(err, ErrForbidden) {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if s.tokens.Load() != 4 { // the first one, and at 0, 1 and 2 minutes
			t.Errorf("%d token requests", s.tokens.Load())
		}
	})
}

// Each 401 renews the access token, whatever the time since the last renewal.
func TestUnauthorizedRenewsEachTime(t *testing.T) {
	s := &script{steps: []step{answers(401, `{}`), answers(200, `{"id":"1"}`), answers(401, `{}`)}}
	client := newScripted(t, s)
	if err := errors.Join(doRead(t, client), doRead(t, client)); err != nil || s.tokens.Load() != 3 {
		t.Errorf("%v after %d token requests", err, s.tokens.Load())
	}
}

// Calls whose token is refused together retry with one new access token.
func TestDeniedTogetherRenewOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: slowly(time.Second, tokenFor("18000"))}
		for i := range 20 {
			s.steps = append(s.steps, slowly(time.Duration(1+i%3)*time.Second, answers(401, `{}`)))
		}
		client := newScripted(t, s)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if err := doRead(t, client); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if s.tokens.Load() != 2 || len(s.attempts) != 40 {
			t.Errorf("%d token requests, %d attempts", s.tokens.Load(), len(s.attempts))
		}
	})
}

// The client asks a token source a second time after a refusal. It retries only with another access token.
func TestDeniedTokenOfASource(t *testing.T) {
	asked := 0
	s := &script{steps: always(answers(401, `{}`))}
	err := doRead(t, newScripted(t, s, WithTokenSource(sourceFunc(func() (*oauth2.Token, error) {
		asked++
		return &oauth2.Token{AccessToken: "static"}, nil
	}))))
	if !errors.Is(err, ErrUnauthorized) || asked != 2 || len(s.attempts) != 1 {
		t.Errorf("%v, asked %d times, %d attempts", err, asked, len(s.attempts))
	}
}

// The error of a token source passes on, without the advice about WithCredentials. The error of an OAuth server stays
// hidden, since it holds the request. A source may also end its goroutine, as t.Fatal does, and no caller waits for it.
func TestFailuresOfASource(t *testing.T) {
	own := errors.New("vault is sealed")
	refused := func(status int) sourceFunc {
		return func() (*oauth2.Token, error) {
			resp := &http.Response{StatusCode: status}
			return nil, &oauth2.RetrieveError{Response: resp, Body: []byte("refresh-token-1"), ErrorCode: "invalid_grant"}
		}
	}
	for name, tt := range map[string]struct {
		source sourceFunc
		says   string
		is     error
	}{
		"an error": {func() (*oauth2.Token, error) { return nil, own }, "vault is sealed", own},
		"400":      {refused(400), "WithTokenSource", nil},
		"401":      {refused(401), "WithTokenSource", nil},
		"403":      {refused(403), "WithTokenSource", nil},
		"a panic":  {func() (*oauth2.Token, error) { panic("no vault") }, "no vault", nil},
		"an end": {func() (*oauth2.Token, error) {
			runtime.Goexit()
			return nil, nil
		}, "", nil},
	} {
		err := doRead(t, newScripted(t, &script{}, WithTokenSource(tt.source)))
		if !errors.As(err, new(*AuthError)) || !strings.Contains(err.Error(), tt.says) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v", name, err)
		}
		if errors.As(err, new(*oauth2.RetrieveError)) || strings.Contains(err.Error(), "refresh-token-1") || strings.Contains(err.Error(), "WithCredentials") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// After the last caller leaves, the client neither sends a token request nor waits for the next attempt.
func TestNobodyWaitsForTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: answers(429, `{}`, "Retry-After: 20")}
		client := newScripted(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := userPermissionsPage.call(ctx, client); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.setToken(nil)
		if err := doRead(t, client); err != nil || s.tokens.Load() != 2 {
			t.Errorf("the next caller: %v after %d token requests", err, s.tokens.Load())
		}
		// The bubble ends at once only if no goroutine sleeps.
	})
}

// The client doesn't keep asking if a token source returns the same access token each time.
func TestRenewalThatBringsNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		token := &oauth2.Token{AccessToken: "kept", Expiry: time.Now().Add(5 * time.Hour)}
		client := newScripted(t, &script{steps: []step{answers(403, `{}`)}}, WithTokenSource(sourceFunc(func() (*oauth2.Token, error) {
			asked++
			return token, nil
		})))
		for range 4 * 60 {
			doRead(t, client)
			time.Sleep(time.Minute)
		}
		if asked > 3 {
			t.Errorf("asked %d times in four hours", asked)
		}
	})
}

package m3teraccess

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// On a busy client no call waits for a renewal. An idle client does nothing.
func TestRenewalInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{lifetime: "60", delay: 2 * time.Second}
		client := newScripted(t, s)
		succeeds(t, client, s.delay)
		for range 3000 { // five minutes
			time.Sleep(100 * time.Millisecond)
			succeeds(t, client, 0)
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
		s := &script{lifetime: "3610"}
		client := newScripted(t, s, onceOnly)
		succeeds(t, client, 0)
		s.setToken(answers(401, `{"error":"invalid_client"}`))
		time.Sleep(56 * time.Minute) // the client renews the token five minutes before it expires
		for range 3 * 60 {
			time.Sleep(time.Second)
			succeeds(t, client, 0)
		}
		synctest.Wait()
		if s.tokens.Load() < 3 || s.tokens.Load() > 10 {
			t.Errorf("%d token requests", s.tokens.Load())
		}
		s.setToken(nil)
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

// TestCallsThatEndEarly and TestRefusedCredentials have the other failures.
func TestTokenRequestsAreRetried(t *testing.T) {
	for name, tt := range map[string]struct {
		failure  step
		requests int64         // including the successful one
		wait     time.Duration // 0: any
	}{
		"429":                   {answers(429, `{}`), 2, time.Second},
		"429 with Retry-After":  {answers(429, `{}`, "Retry-After: 4"), 2, 4 * time.Second},
		"timeout":               {hangs, 2, 0},
		"302":                   {answers(302, ``, "Location: https://elsewhere.test"), 1, 0},
		"429, too long a delay": {answers(429, `{}`, "Retry-After: 40"), 1, 0},
	} {
		t.Run(name, bubbled(func(t *testing.T) {
			s := &script{}
			s.token = func(req *http.Request) (*http.Response, error) {
				s.setToken(nil)
				return tt.failure(req)
			}
			start := time.Now()
			err := doRead(t, newScripted(t, s))
			if (err == nil) != (tt.requests == 2) || s.tokens.Load() != tt.requests || tt.wait != 0 && time.Since(start) != tt.wait {
				t.Errorf("%v after %v and %d token requests", err, time.Since(start), s.tokens.Load())
			}
		}))
	}
}

// A missing permission costs one token request per minute, not one per call. Each 401 renews the access token.
func TestDeniedTokensAreRenewed(t *testing.T) {
	for status, tokens := range map[int]int64{
		403: 4, // the first one, and at 0, 1 and 2 minutes
		401: 151,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: always(answers(status, `{}`))}
			client := newScripted(t, s)
			for range 150 { // two and a half minutes
				var refused *Error
				if err := doRead(t, client); !errors.As(err, &refused) || refused.StatusCode != status {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
			if s.tokens.Load() != tokens {
				t.Errorf("%d: %d token requests, want %d", status, s.tokens.Load(), tokens)
			}
		})
	}
}

// Calls whose token is refused together retry with one new access token.
func TestDeniedTogetherRenewOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{delay: time.Second}
		for i := range 20 {
			s.steps = append(s.steps, slowly(time.Duration(1+i%3)*time.Second, answers(401, `{}`)))
		}
		client := newScripted(t, s)
		var group sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			group.Go(func() { errs[i] = doRead(t, client) })
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil || s.tokens.Load() != 2 || len(s.attempts) != 40 {
			t.Errorf("%v after %d token requests and %d attempts", err, s.tokens.Load(), len(s.attempts))
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

// An AuthError wraps the error of a token source, but not that of an OAuth server, which holds the request.
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
	}{
		"an error": {func() (*oauth2.Token, error) { return nil, own }, "vault is sealed"},
		"400":      {refused(400), "WithTokenSource"},
		"401":      {refused(401), "WithTokenSource"},
		"403":      {refused(403), "WithTokenSource"},
		"no status": {func() (*oauth2.Token, error) {
			return nil, &oauth2.RetrieveError{ErrorCode: "invalid_grant"}
		}, "the token endpoint returned an error: invalid_grant"},
		"a panic": {func() (*oauth2.Token, error) { panic("no vault") }, "no vault"},
		"runtime.Goexit": {func() (*oauth2.Token, error) {
			runtime.Goexit()
			return nil, nil
		}, "Goexit"},
	} {
		err := doRead(t, newScripted(t, &script{}, WithTokenSource(tt.source)))
		if !errors.As(err, new(*AuthError)) || !strings.Contains(err.Error(), tt.says) || errors.Is(err, own) != (name == "an error") ||
			errors.As(err, new(*oauth2.RetrieveError)) || strings.Contains(err.Error(), "refresh-token-1") || strings.Contains(err.Error(), "WithCredentials") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// If no caller waits for an access token, the client neither sends a token request nor waits for the next attempt.
func TestNobodyWaitsForTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: answers(429, `{}`, "Retry-After: 20")}
		client := newScripted(t, s)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := userPermissionsPage.call(ctx, client); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.setToken(nil)
		err := doRead(t, client)
		if took := time.Since(start); err != nil || s.tokens.Load() != 2 || took != time.Millisecond {
			t.Errorf("the next caller: %v after %d token requests and %v", err, s.tokens.Load(), took)
		}
	})
}

// The client seldom asks a token source that returns the same access token each time.
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

// An error of the token source, or of the token endpoint, may quote an access token that the client got before.
func TestEarlierAccessTokenIsASecret(t *testing.T) {
	const earlier = "an-access-token-of-a-while-ago"
	first := func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: earlier}, nil }
	for name, then := range map[string]sourceFunc{
		"error": func() (*oauth2.Token, error) { return nil, errors.New("can't renew " + earlier) },
		"panic": func() (*oauth2.Token, error) { panic("can't renew " + earlier) },
	} {
		next := sourceFunc(first)
		source := sourceFunc(func() (*oauth2.Token, error) {
			defer func() { next = then }()
			return next()
		})
		checkHidden(t, name, earlier, &script{steps: always(answers(401, `{}`))}, WithTokenSource(source))
	}
	s := &script{steps: []step{answers(401, `{}`)}}
	s.token = func(req *http.Request) (*http.Response, error) {
		s.token = answers(400, `{"error":"invalid_request","error_description":"`+earlier+` was revoked"}`)
		return answers(200, `{"access_token":"`+earlier+`","expires_in":3600}`)(req)
	}
	checkHidden(t, "endpoint", earlier, s)
}

// checkHidden makes a call that fails without an access token, and fails if the error or a log line shows the secret.
func checkHidden(t *testing.T, name, secret string, s *script, opts ...Option) {
	t.Helper()
	var log strings.Builder
	client := newScripted(t, s, append(opts, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))...)
	err := doRead(t, client)
	if !errors.As(err, new(*AuthError)) || strings.Contains(err.Error(), secret) || strings.Contains(log.String(), secret) {
		t.Errorf("%s: %v\n%s", name, err, log.String())
	}
}

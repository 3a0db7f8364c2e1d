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

// slowly makes a step take its time.
func slowly(d time.Duration, then step) step {
	return func(req *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return then(req)
	}
}

// tokenFor makes a step that answers with a new token each time.
func tokenFor(seconds string) step {
	var n atomic.Int64
	return func(req *http.Request) (*http.Response, error) {
		return answers(200, `{"access_token":"t`+time.Duration(n.Add(1)).String()+`","token_type":"Bearer","expires_in":`+seconds+`}`)(req)
	}
}

func read1(t *testing.T, client *Client) error {
	return either(client.UserPermissionsPage(t.Context(), "user", PageParams{}))
}

func TestManyFirstCallsFetchOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: slowly(time.Second, tokenFor("18000"))}
		client := newScripted(t, s, WithLimiter(unlimited{}))
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if err := read1(t, client); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if s.tokenRequests() != 1 || s.sent() != 1000 {
			t.Errorf("%d token requests, %d attempts", s.tokenRequests(), s.sent())
		}
	})
}

type unlimited struct{}

func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

// Who came first may leave; the others get the token that was fetched for it.
func TestWaitingForATokenEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: slowly(5*time.Second, tokenFor("18000"))}
		client := newScripted(t, s)
		start := time.Now()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := make(chan error)
		go func() {
			_, err := client.UserPermissionsPage(impatient, "user", PageParams{})
			if time.Since(start) != time.Second {
				t.Errorf("the impatient caller left after %v", time.Since(start))
			}
			first <- err
		}()
		synctest.Wait()
		if err := read1(t, client); err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("the patient caller: %v after %v", err, time.Since(start))
		}
		if err := <-first; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the impatient caller: %v", err)
		}
		if s.tokenRequests() != 1 {
			t.Errorf("%d token requests", s.tokenRequests())
		}
	})
}

// On a busy client no call waits for a renewal, and an idle one does nothing.
func TestRenewalInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: slowly(2*time.Second, tokenFor("60"))}
		client := newScripted(t, s)
		if err := read1(t, client); err != nil { // this one waits
			t.Fatal(err)
		}
		var longest time.Duration
		for range 3000 { // five minutes
			time.Sleep(100 * time.Millisecond)
			start := time.Now()
			if err := read1(t, client); err != nil {
				t.Fatal(err)
			}
			longest = max(longest, time.Since(start))
		}
		if longest != 0 {
			t.Errorf("a call waited %v", longest)
		}
		// Of the 60 seconds 10 are a margin, and of the 50 that are left the last fifth is for the renewal.
		if s.tokenRequests() < 6 || s.tokenRequests() > 9 {
			t.Errorf("%d token requests in five minutes", s.tokenRequests())
		}
		time.Sleep(3 * time.Second) // a renewal that is under way ends
		before := s.tokenRequests()
		time.Sleep(24 * time.Hour)
		if s.tokenRequests() != before {
			t.Error("an idle client fetched a token")
		}
		// That the bubble ends shows that no goroutine is left.
	})
}

// While the old token is valid, calls go on with it; the token endpoint is asked a few times, not each time.
func TestFailedRenewalKeepsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: tokenFor("3610")}
		client := newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 1}))
		if err := read1(t, client); err != nil {
			t.Fatal(err)
		}
		s.setToken(answers(401, `{"error":"invalid_client"}`))
		time.Sleep(56 * time.Minute) // five before the end it is renewed
		for range 3 * 60 {
			time.Sleep(time.Second)
			if err := read1(t, client); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if s.tokenRequests() < 3 || s.tokenRequests() > 10 {
			t.Errorf("%d token requests", s.tokenRequests())
		}
		s.setToken(tokenFor("3610"))
		time.Sleep(50 * time.Second)
		before := s.tokenRequests()
		read1(t, client)
		synctest.Wait()
		time.Sleep(10 * time.Minute)
		if err := read1(t, client); err != nil || s.tokenRequests() != before+1 {
			t.Errorf("after the endpoint recovered: %v, %d token requests more", err, s.tokenRequests()-before)
		}
	})
}

func TestRefusedCredentialsAreNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: answers(401, `{"error":"invalid_client","error_description":"no such key"}`)}
		client := newScripted(t, s)
		var authErr *AuthError
		for range 100 {
			if err := read1(t, client); !errors.As(err, &authErr) || authErr.StatusCode != 401 || authErr.Code != "invalid_client" {
				t.Fatalf("%v", err)
			}
		}
		if !strings.Contains(authErr.Error(), "M3TER_API_SECRET") || !strings.Contains(authErr.Error(), "no such key") {
			t.Errorf("%v does not tell what to check", authErr)
		}
		if s.tokenRequests() != 1 {
			t.Errorf("%d token requests at once", s.tokenRequests())
		}
		time.Sleep(time.Second)
		s.setToken(nil)
		if err := read1(t, client); err != nil {
			t.Errorf("a second later, with the credentials in order: %v", err)
		}
	})
}

func TestTokenRequestsAreRetried(t *testing.T) {
	tests := []struct {
		name     string
		failure  step
		requests int // the good one included
		wait     time.Duration
	}{
		{"503", answers(503, `busy`), 2, 0},
		{"429", answers(429, `{}`), 2, time.Second},
		{"429 with Retry-After", answers(429, `{}`, "Retry-After: 4"), 2, 4 * time.Second},
		{"reset", breaks(errors.New("reset")), 2, 0},
		{"cut", cut, 2, 0},
		{"timeout", hangs, 2, 0},
		{"400", answers(400, `{"error":"invalid_request"}`), 1, 0},
		{"401", answers(401, `{"error":"invalid_client"}`), 1, 0},
		{"403", answers(403, `{}`), 1, 0},
		{"302", answers(302, ``, "Location: https://elsewhere.test"), 1, 0},
		{"429 over the cap", answers(429, `{}`, "Retry-After: 40"), 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				s := &script{token: func(req *http.Request) (*http.Response, error) {
					if asked.Add(1) == 1 {
						return tt.failure(req)
					}
					return tokenFor("18000")(req)
				}}
				start := time.Now()
				err := read1(t, newScripted(t, s))
				if (err == nil) != (tt.requests == 2) || s.tokenRequests() != tt.requests {
					t.Errorf("%v after %d token requests", err, s.tokenRequests())
				}
				if tt.wait != 0 && time.Since(start) != tt.wait {
					t.Errorf("took %v, want %v", time.Since(start), tt.wait)
				}
			})
		})
	}
}

// What a token endpoint may answer with a status of 200.
func TestTokenAnswers(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		ok                      bool
		requestsInADay          int // of a call each hour
	}{
		{"without expires_in, so until it is denied", "application/json", `{"access_token":"t","token_type":"Bearer"}`, true, 1},
		{"expires_in as a string", "application/json", `{"access_token":"t","expires_in":"18000"}`, true, 5},
		{"expires_in as a number", "application/json", `{"access_token":"t","expires_in":18000}`, true, 5},
		{"expires_in that is no number", "application/json", `{"access_token":"t","expires_in":"soon"}`, false, 0},
		{"no access_token", "application/json", `{"token_type":"Bearer","expires_in":18000}`, false, 0},
		{"an access_token that no header can carry", "application/json", `{"access_token":"a\nb"}`, false, 0},
		{"HTML", "text/html", `<html>Sign in</html>`, false, 0},
		{"nothing", "application/json", ``, false, 0},
		{"null", "application/json", `null`, false, 0},
		{"an error with status 200", "application/json", `{"error":"invalid_client"}`, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{token: answers(200, tt.body, "Content-Type: "+tt.contentType)}
				client := newScripted(t, s)
				err := read1(t, client)
				var authErr *AuthError
				if (err == nil) != tt.ok || err != nil && !errors.As(err, &authErr) {
					t.Fatalf("%v", err)
				}
				if !tt.ok {
					return
				}
				for range 24 {
					time.Sleep(time.Hour)
					if err := read1(t, client); err != nil {
						t.Fatal(err)
					}
				}
				if s.tokenRequests() != tt.requestsInADay {
					t.Errorf("%d token requests, want %d", s.tokenRequests(), tt.requestsInADay)
				}
			})
		})
	}
}

// A true denial costs a token request a minute, not one a call.
func TestForbiddenRenewsOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: tokenFor("18000")}
		for range 1000 {
			s.steps = append(s.steps, answers(403, `{}`))
		}
		client := newScripted(t, s)
		for range 150 { // two minutes and a half
			if err := read1(t, client); !errors.Is(err, ErrForbidden) {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if s.tokenRequests() != 4 { // the first one, and at 0, 1 and 2 minutes
			t.Errorf("%d token requests", s.tokenRequests())
		}
	})
}

// Calls that were denied together go again with one new token.
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
				if err := read1(t, client); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if s.tokenRequests() != 2 || s.sent() != 40 {
			t.Errorf("%d token requests, %d attempts", s.tokenRequests(), s.sent())
		}
	})
}

// A source that has only the denied token is asked once more, and then there is no second attempt.
func TestDeniedTokenOfASource(t *testing.T) {
	asked := 0
	source := tokenSourceFunc(func() (*oauth2.Token, error) {
		asked++
		return &oauth2.Token{AccessToken: "static"}, nil
	})
	s := &script{steps: []step{answers(401, `{}`), answers(401, `{}`)}}
	err := read1(t, newScripted(t, s, WithTokenSource(source)))
	if !errors.Is(err, ErrUnauthorized) || asked != 2 || s.sent() != 1 {
		t.Errorf("%v, asked %d times, %d attempts", err, asked, s.sent())
	}
}

type tokenSourceFunc func() (*oauth2.Token, error)

func (f tokenSourceFunc) Token() (*oauth2.Token, error) { return f() }

// The error of a source is the caller's own; that of an OAuth server must not be kept, since it holds the request.
func TestErrorsOfASource(t *testing.T) {
	own := errors.New("vault is sealed")
	for _, failure := range []error{own, &oauth2.RetrieveError{Response: &http.Response{StatusCode: 400}, Body: []byte("refresh-token-1"), ErrorCode: "invalid_grant"}} {
		client := newScripted(t, &script{}, WithTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) { return nil, failure })))
		err := read1(t, client)
		var authErr *AuthError
		var retrieve *oauth2.RetrieveError
		if !errors.As(err, &authErr) || errors.As(err, &retrieve) || strings.Contains(err.Error(), "refresh-token-1") {
			t.Errorf("%v", err)
		}
		if failure == own && !errors.Is(err, own) {
			t.Errorf("%v does not match the source's error", err)
		}
	}
}

// A source may end its goroutine, as t.Fatal does in a test. Nobody is left waiting.
func TestSourceThatEndsItsGoroutine(t *testing.T) {
	client := newScripted(t, &script{}, WithTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) {
		runtime.Goexit()
		return nil, nil
	})))
	var authErr *AuthError
	if err := read1(t, client); !errors.As(err, &authErr) {
		t.Errorf("%v", err)
	}
}

func TestSourceThatPanics(t *testing.T) {
	client := newScripted(t, &script{}, WithTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) { panic("no vault") })))
	var authErr *AuthError
	if err := read1(t, client); !errors.As(err, &authErr) || !strings.Contains(err.Error(), "no vault") {
		t.Errorf("%v", err)
	}
}

type staticToken struct{}

func (staticToken) Token() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "static"}, nil }

// When the last who waits for a token has left, nothing goes on, neither a request nor a wait for the next one.
func TestNobodyWaitsForTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{token: answers(429, `{}`, "Retry-After: 20")}
		client := newScripted(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := either(client.UserPermissionsPage(ctx, "user", PageParams{})); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.setToken(nil)
		if err := read1(t, client); err != nil || s.tokenRequests() != 2 {
			t.Errorf("the next caller: %v after %d token requests", err, s.tokenRequests())
		}
		// That the bubble ends at once shows that nobody sleeps.
	})
}

// A source that keeps what it has is not asked again and again.
func TestRenewalThatBringsNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		token := &oauth2.Token{AccessToken: "kept", Expiry: time.Now().Add(5 * time.Hour)}
		client := newScripted(t, &script{steps: []step{answers(403, `{}`)}}, WithTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) {
			asked++
			return token, nil
		})))
		for range 4 * 60 {
			read1(t, client)
			time.Sleep(time.Minute)
		}
		if asked > 3 {
			t.Errorf("asked %d times in four hours", asked)
		}
	})
}

// A 401 is no denial by right: each renews, whatever the time since the last one.
func TestUnauthorizedRenewsEachTime(t *testing.T) {
	s := &script{steps: []step{answers(401, `{}`), answers(200, `{"id":"1"}`), answers(401, `{}`)}}
	client := newScripted(t, s)
	for range 2 {
		if err := read1(t, client); err != nil {
			t.Error(err)
		}
	}
	if s.tokenRequests() != 3 {
		t.Errorf("%d token requests", s.tokenRequests())
	}
}

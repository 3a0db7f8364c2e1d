package m3teraccess

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// want is what a call comes to: how many attempts, and what its error is. No error is nil.
type want struct {
	attempts int
	is       []error // every one of which the error must match
	isNot    error   // which it must not match
}

var (
	success = func(attempts int) want { return want{attempts: attempts} }
	known   = func(attempts int, is ...error) want { return want{attempts, is, ErrOutcomeUnknown} }
	unknown = func(is ...error) want { return want{1, append(is, ErrOutcomeUnknown), nil} }
)

// The table of the package comment, a row a case, for each method.
func TestRetries(t *testing.T) {
	reset := syscall.ECONNRESET
	tests := []struct {
		name        string
		steps       []step
		read, write want
		took        time.Duration // of a call that succeeds at once or waits as it is told; 0: not looked at
	}{
		{"nothing happens", nil, success(1), success(1), 0},

		// It never left: no doubt, and so again.
		{"no connection", []step{neverLeaves(syscall.ECONNREFUSED)}, success(2), success(2), 0},
		{"no connection, ever", slices.Repeat([]step{neverLeaves(syscall.ECONNREFUSED)}, 4),
			known(4, syscall.ECONNREFUSED), known(4, syscall.ECONNREFUSED), 0},
		// A transport that reports nothing proves nothing, whatever its error says.
		{"no connection, says a foreign transport", []step{foreign(syscall.ECONNREFUSED)}, success(2), unknown(syscall.ECONNREFUSED), 0},

		// Refused unprocessed: again, when the service takes more.
		{"429", []step{answers(429, `{}`)}, success(2), success(2), time.Second},
		{"429 twice", []step{answers(429, `{}`), answers(429, `{}`)}, success(3), success(3), 3 * time.Second},
		{"429 with seconds", []step{answers(429, `{}`, "Retry-After: 7")}, success(2), success(2), 7 * time.Second},
		// The clock of a synctest bubble begins at this date.
		{"429 with a date", []step{answers(429, `{}`, "Retry-After: Sat, 01 Jan 2000 00:00:09 GMT")}, success(2), success(2), 9 * time.Second},
		{"429 over the cap", []step{answers(429, `{}`, "Retry-After: 31")}, known(1, ErrRateLimited), known(1, ErrRateLimited), 0},
		{"429, always", slices.Repeat([]step{answers(429, `{}`)}, 4), known(4, ErrRateLimited), known(4, ErrRateLimited), 0},

		// The token was not accepted: again with a new one, once.
		{"401", []step{answers(401, `{}`)}, success(2), success(2), 0},
		{"401, always", slices.Repeat([]step{answers(401, `{}`)}, 4), known(2, ErrUnauthorized), known(2, ErrUnauthorized), 0},
		{"403", []step{answers(403, `{}`)}, success(2), success(2), 0},
		{"403, always", slices.Repeat([]step{answers(403, `{}`)}, 4), known(2, ErrForbidden), known(2, ErrForbidden), 0},

		// The service may have done it: a write is not sent again.
		{"408", []step{answers(408, `{}`)}, success(2), unknown(), 0},
		{"500", []step{answers(500, `{}`)}, success(2), unknown(ErrServer), 0},
		{"502 with HTML", []step{answers(502, `<html>`, "Content-Type: text/html")}, success(2), unknown(ErrServer), 0},
		{"503 with Retry-After", []step{answers(503, `{}`, "Retry-After: 2")}, success(2), unknown(ErrServer), 0},
		{"504, always", slices.Repeat([]step{answers(504, `{}`)}, 4), known(4, ErrServer), unknown(ErrServer), 0},
		{"reset", []step{breaks(reset)}, success(2), unknown(reset), 0},
		{"cut answer", []step{cut}, success(2), unknown(io.ErrUnexpectedEOF), 0},
		{"timeout of the attempt", []step{hangs}, success(2), unknown(os.ErrDeadlineExceeded), 0},

		// An answer, and so returned.
		{"302", []step{answers(302, ``, "Location: https://elsewhere.test/")}, known(1), known(1), 0},
		{"302 to nowhere", []step{answers(302, ``, "Location: http://[::1")}, known(1), known(1), 0},
		{"400", []step{answers(400, `{"message":"no"}`)}, known(1, ErrBadRequest), known(1, ErrBadRequest), 0},
		{"404", []step{answers(404, `{}`)}, known(1, ErrNotFound), known(1, ErrNotFound), 0},
		{"409", []step{answers(409, `{}`)}, known(1), known(1), 0},
		{"413", []step{answers(413, `{}`)}, known(1), known(1), 0},

		// A success that can't be read: a write was done all the same.
		{"not JSON", []step{answers(200, `<html>`)}, known(1), unknown(), 0},
		{"null", []step{answers(200, `null`)}, known(1), unknown(), 0},
		{"no content", []step{answers(204, ``)}, known(1), unknown(), 0},

		// One thing after another.
		{"429, then a reset", []step{answers(429, `{}`), breaks(reset)}, success(3), want{2, []error{ErrOutcomeUnknown, reset}, ErrRateLimited}, 0},
		{"401, then 429, then no connection", []step{answers(401, `{}`), answers(429, `{}`), neverLeaves(reset)}, success(4), success(4), 0},
	}
	for _, tt := range tests {
		for _, m := range methods {
			t.Run(tt.name+"/"+m.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					want := tt.write
					if m.isRead {
						want = tt.read
					}
					s := &script{steps: tt.steps}
					client := newScripted(t, s)
					start := time.Now()
					err := m.call(t.Context(), client)
					if took := time.Since(start); tt.took != 0 && took != tt.took {
						t.Errorf("took %v, want %v", took, tt.took)
					}
					want.check(t, err, s.sent())
					sameRequests(t, s.attempts)
				})
			})
		}
	}
}

func (w want) check(t *testing.T, err error, attempts int) {
	t.Helper()
	if attempts != w.attempts {
		t.Errorf("%d attempts, want %d", attempts, w.attempts)
	}
	if wantErr := len(w.is) > 0 || w.isNot != nil; (err != nil) != wantErr {
		t.Errorf("error: %v", err)
	}
	for _, is := range w.is {
		if !errors.Is(err, is) {
			t.Errorf("%v does not match %v", err, is)
		}
	}
	if w.isNot != nil && errors.Is(err, w.isNot) {
		t.Errorf("%v matches %v", err, w.isNot)
	}
}

// sameRequests fails when an attempt differs from the first one but for its token.
func sameRequests(t *testing.T, attempts []*http.Request) {
	t.Helper()
	for _, req := range attempts {
		if req.URL.String() != attempts[0].URL.String() || req.ContentLength != attempts[0].ContentLength {
			t.Errorf("sent %s of %d bytes, then %s of %d", attempts[0].URL, attempts[0].ContentLength, req.URL, req.ContentLength)
		}
	}
}

func TestNoTokenIsNoAttempt(t *testing.T) {
	for _, m := range methods {
		synctest.Test(t, func(t *testing.T) {
			s := &script{token: answers(401, `{"error":"invalid_client"}`)}
			err := m.call(t.Context(), newScripted(t, s))
			var authErr *AuthError
			if !errors.As(err, &authErr) || errors.Is(err, ErrOutcomeUnknown) || s.sent() != 0 {
				t.Errorf("%s: %v, after %d attempts", m.name, err, s.sent())
			}
		})
	}
}

func TestCanceledAfterItLeft(t *testing.T) {
	for _, m := range methods {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{hangs}}
			client := newScripted(t, s)
			shutdown := errors.New("shutdown")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(shutdown) })
			start := time.Now()
			err := m.call(ctx, client)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, shutdown) || errors.Is(err, ErrOutcomeUnknown) == m.isRead {
				t.Errorf("%s: %v", m.name, err)
			}
			if time.Since(start) != time.Second || s.sent() != 1 {
				t.Errorf("%s: returned after %v and %d attempts", m.name, time.Since(start), s.sent())
			}
		})
	}
}

func TestCanceledBeforeItLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, m := range methods {
		s := &script{}
		err := m.call(ctx, newScripted(t, s))
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrOutcomeUnknown) || s.sent() != 0 {
			t.Errorf("%s: %v, after %d attempts", m.name, err, s.sent())
		}
	}
}

// A wait that can't end in time is not begun: the error is the last one, and the deadline's.
func TestNoTimeForAnotherAttempt(t *testing.T) {
	for _, m := range methods {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{answers(429, `{}`, "Retry-After: 20")}}
			client := newScripted(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			start := time.Now()
			err := m.call(ctx, client)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrRateLimited) || errors.Is(err, ErrOutcomeUnknown) {
				t.Errorf("%s: %v", m.name, err)
			}
			if time.Since(start) != 0 || s.sent() != 1 {
				t.Errorf("%s: returned after %v and %d attempts", m.name, time.Since(start), s.sent())
			}
		})
	}
}

func TestCanceledWhileItWaits(t *testing.T) {
	for _, m := range methods {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{answers(429, `{}`, "Retry-After: 20")}}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			start := time.Now()
			err := m.call(ctx, newScripted(t, s))
			if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrRateLimited) || errors.Is(err, ErrOutcomeUnknown) || time.Since(start) != 3*time.Second {
				t.Errorf("%s: %v after %v", m.name, err, time.Since(start))
			}
		})
	}
}

func TestRetryAfterOverTheCapIsReturned(t *testing.T) {
	s := &script{steps: []step{answers(429, `{}`, "Retry-After: 3600")}}
	_, err := newScripted(t, s).UserPermissionsPage(t.Context(), "user", PageParams{})
	var answered *Error
	if !errors.As(err, &answered) || answered.RetryAfter != time.Hour {
		t.Errorf("%v", err)
	}
}

// One 429 holds back every caller of the organization, and none of another.
func TestA429HoldsTheOthersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{answers(429, `{}`, "Retry-After: 5")}}
		client := newScripted(t, s)
		start := time.Now()
		go methods[0].call(t.Context(), client)
		synctest.Wait()
		if err := methods[1].call(t.Context(), client.Organization("other")); err != nil || time.Since(start) != 0 {
			t.Errorf("another organization: %v after %v", err, time.Since(start))
		}
		if err := methods[1].call(t.Context(), client.Organization("org")); err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("the same organization: %v after %v", err, time.Since(start))
		}
		synctest.Wait()
	})
}

// A body that can't be rewound is sent once, however harmless another attempt would be.
func TestBodiesThatCannotBeRewound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{answers(429, `{}`)}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://m3ter.test/x", io.MultiReader(strings.NewReader("once")))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := newScripted(t, s).Do(req)
		if err != nil || resp.StatusCode != 429 || s.sent() != 1 {
			t.Errorf("%v, %v after %d attempts", resp, err, s.sent())
		}
	})
}

// Every attempt sends the whole body again.
func TestBodiesAreRewound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		keep := func(then step) step {
			return func(req *http.Request) (*http.Response, error) {
				bodies = append(bodies, req.Header.Get("X-Body"))
				return then(req)
			}
		}
		s := &script{steps: []step{keep(answers(429, `{}`)), keep(answers(401, `{}`)), keep(answers(200, `{}`))}}
		client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: bodyInHeader{s}}))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://m3ter.test/x", bytes.NewReader([]byte("the body")))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := client.Do(req); err != nil || resp.StatusCode != 200 {
			t.Errorf("%v, %v", resp, err)
		}
		if want := slices.Repeat([]string{"the body"}, 3); !slices.Equal(bodies, want) {
			t.Errorf("sent %q", bodies)
		}
	})
}

// bodyInHeader lets the steps of a script see the body.
type bodyInHeader struct{ next http.RoundTripper }

func (b bodyInHeader) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == "/x" {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Header.Set("X-Body", string(body))
	}
	return b.next.RoundTrip(req)
}

func TestRetryPolicy(t *testing.T) {
	t.Run("one attempt", func(t *testing.T) {
		s := &script{steps: []step{answers(503, `{}`)}}
		_, err := newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 1})).UserPermissionsPage(t.Context(), "user", PageParams{})
		if !errors.Is(err, ErrServer) || s.sent() != 1 {
			t.Errorf("%v after %d attempts", err, s.sent())
		}
	})
	t.Run("one field changes one thing", func(t *testing.T) {
		defaults := RetryPolicy{}.withDefaults()
		got := RetryPolicy{MaxRetryAfter: time.Minute}.withDefaults()
		if got.MaxRetryAfter != time.Minute || got.MaxAttempts != defaults.MaxAttempts || got.MinBackoff != defaults.MinBackoff || got.MaxBackoff != defaults.MaxBackoff {
			t.Errorf("%+v beside %+v", got, defaults)
		}
	})
	t.Run("backoff", func(t *testing.T) {
		policy := RetryPolicy{MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second}
		for attempt, most := range map[int]time.Duration{1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 4: 800 * time.Millisecond, 5: time.Second, 1000: time.Second} {
			var longest time.Duration
			for range 1000 {
				longest = max(longest, policy.backoff(attempt))
			}
			if longest > most || longest < most*8/10 { // 1000 even draws all below 0.8: 1e-97
				t.Errorf("after attempt %d at most %v, want up to %v", attempt, longest, most)
			}
		}
	})
}

// limiterFunc is a limiter that a test makes up.
type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

// Who is stopped on the way to another attempt learns what became of the last one.
func TestCanceledOnTheWayToAnotherAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		turns := 0
		limiter := limiterFunc(func(ctx context.Context) error {
			if turns++; turns == 2 {
				cancel()
			}
			return ctx.Err()
		})
		s := &script{steps: []step{answers(503, `{}`)}}
		_, err := newScripted(t, s, WithLimiter(limiter)).UserPermissionsPage(ctx, "user", PageParams{})
		if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrServer) || s.sent() != 1 {
			t.Errorf("%v after %d attempts", err, s.sent())
		}
	})
}

// What did not leave is in no doubt, even if the limiter lets it pass.
func TestCanceledByTheLimiter(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	limiter := limiterFunc(func(context.Context) error {
		cancel()
		return nil
	})
	s := &script{}
	err := methods[0].call(ctx, newScripted(t, s, WithLimiter(limiter)))
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrOutcomeUnknown) || s.sent() != 0 {
		t.Errorf("%v after %d attempts", err, s.sent())
	}
}

func TestErrorOfTheLimiter(t *testing.T) {
	own := errors.New("budget used up")
	s := &script{}
	err := methods[0].call(t.Context(), newScripted(t, s, WithLimiter(limiterFunc(func(context.Context) error { return own }))))
	if !errors.Is(err, own) || errors.Is(err, ErrOutcomeUnknown) || s.sent() != 0 {
		t.Errorf("%v after %d attempts", err, s.sent())
	}
}

// Where a call may not go again, the next one finds a better token all the same.
func TestDeniedTokenIsReplacedForTheNextCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{answers(401, `{}`)}}
		client := newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 1}))
		if err := methods[1].call(t.Context(), client); !errors.Is(err, ErrUnauthorized) {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := methods[1].call(t.Context(), client); err != nil || s.attempts[1].Header.Get("Authorization") != "Bearer token-2" {
			t.Errorf("%v with %q", err, s.attempts[1].Header["Authorization"])
		}
	})
}

// The token endpoint's failures are its own; the calls add no attempts to them.
func TestFailuresOfTheTokenEndpointAreNotMultiplied(t *testing.T) {
	for name, failure := range map[string]step{"reset": breaks(syscall.ECONNRESET), "refused": neverLeaves(syscall.ECONNREFUSED), "cut": cut, "503": answers(503, `{}`)} {
		for _, m := range methods {
			synctest.Test(t, func(t *testing.T) {
				s := &script{token: failure}
				err := m.call(t.Context(), newScripted(t, s))
				if s.tokenRequests() != 4 || err == nil || errors.Is(err, ErrOutcomeUnknown) {
					t.Errorf("%s, %s: %d token requests: %v", name, m.name, s.tokenRequests(), err)
				}
			})
		}
	}
}

// The others wait for the service's window, and not for what the unlucky caller waits.
func TestOthersWaitForTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: slices.Repeat([]step{answers(429, `{}`)}, 4)}
		client := newScripted(t, s)
		if err := methods[1].call(t.Context(), client); !errors.Is(err, ErrRateLimited) {
			t.Fatal(err)
		}
		start := time.Now()
		if err := methods[1].call(t.Context(), client); err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// A read waits for as long as a failing service asks.
func TestRetryAfterOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{answers(503, `{}`, "Retry-After: 17")}}
		start := time.Now()
		_, err := newScripted(t, s).UserPermissionsPage(t.Context(), "user", PageParams{})
		if err != nil || time.Since(start) != 17*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestMethodsThatAreReads(t *testing.T) {
	for method, attempts := range map[string]int{"": 2, "GET": 2, "HEAD": 2, "OPTIONS": 2, "POST": 1, "PUT": 1, "PATCH": 1, "DELETE": 1} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{answers(503, ``)}}
			req, err := http.NewRequestWithContext(t.Context(), method, "https://m3ter.test/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := newScripted(t, s).Do(req); err != nil || s.sent() != attempts {
				t.Errorf("%q: %v after %d attempts", method, err, s.sent())
			}
		})
	}
}

// No body of an answer stays open, or its connection would be lost.
func TestAnswersAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open []*closeCounter
		watched := func(then step) step {
			return func(req *http.Request) (*http.Response, error) {
				resp, err := then(req)
				body := &closeCounter{Reader: resp.Body}
				open = append(open, body)
				resp.Body = body
				return resp, err
			}
		}
		s := &script{steps: []step{watched(answers(503, `{}`)), watched(cut), watched(answers(401, `{}`)), watched(answers(404, `{}`))}}
		err := either(newScripted(t, s).UserPermissionsPage(t.Context(), "user", PageParams{}))
		if !errors.Is(err, ErrNotFound) || len(open) != 4 {
			t.Fatalf("%v after %d answers", err, len(open))
		}
		for i, body := range open {
			if body.closed == 0 {
				t.Errorf("answer %d was not closed", i)
			}
		}
	})
}

func either[T any](_ T, err error) error { return err }

// An echo of a token that was replaced meanwhile is an echo of a secret too.
func TestEchoOfAnEarlierToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := 0
		limiter := limiterFunc(func(context.Context) error {
			if turns++; turns == 2 {
				return errors.New("budget used up")
			}
			return nil
		})
		s := &script{steps: []step{answers(403, `{"message":"no access with token-1"}`)}}
		err := methods[1].call(t.Context(), newScripted(t, s, WithLimiter(limiter)))
		if !errors.Is(err, ErrForbidden) || strings.Contains(err.Error(), "token-1") {
			t.Errorf("%v", err)
		}
	})
}

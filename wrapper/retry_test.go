package m3teraccess

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A want is the expected outcome of a call. If is and isNot are nil, the call must succeed.
type want struct {
	attempts int
	is       []error // the error must match all
	isNot    error
}

var (
	success = func(attempts int) want { return want{attempts: attempts} }
	known   = func(attempts int, is ...error) want { return want{attempts, is, ErrOutcomeUnknown} }
	unknown = func(is ...error) want { return want{1, append(is, ErrOutcomeUnknown), nil} }
)

// The rows are those of the table in the package comment. Each row applies to each method.
func TestRetries(t *testing.T) {
	reset := syscall.ECONNRESET
	for _, tt := range []struct {
		name        string
		steps       []step
		read, write want
		took        time.Duration // of a call that succeeds; 0: any
	}{
		{"nothing happens", nil, success(1), success(1), 0},

		// The request was not sent, so every call is safe to retry.
		{"no connection", []step{neverLeaves(syscall.ECONNREFUSED)}, success(2), success(2), 0},
		{"no connection, ever", always(neverLeaves(syscall.ECONNREFUSED)),
			known(4, syscall.ECONNREFUSED), known(4, syscall.ECONNREFUSED), 0},
		// A transport that traces nothing proves nothing, whatever its error says.
		{"no connection, says a foreign transport", []step{foreign(syscall.ECONNREFUSED)}, success(2), unknown(syscall.ECONNREFUSED), 0},

		// m3ter refuses the request unprocessed. The client retries when m3ter accepts more.
		{"429", []step{answers(429, `{}`)}, success(2), success(2), time.Second},
		{"429 twice", []step{answers(429, `{}`), answers(429, `{}`)}, success(3), success(3), 3 * time.Second},
		{"429 with seconds", []step{answers(429, `{}`, "Retry-After: 7")}, success(2), success(2), 7 * time.Second},
		// The clock of a synctest bubble starts at the beginning of 2000.
		{"429 with a date", []step{answers(429, `{}`, "Retry-After: Sat, 01 Jan 2000 00:00:09 GMT")}, success(2), success(2), 9 * time.Second},
		{"429 over the cap", []step{answers(429, `{}`, "Retry-After: 31")}, known(1, ErrRateLimited), known(1, ErrRateLimited), 0},
		{"429, always", always(answers(429, `{}`)), known(4, ErrRateLimited), known(4, ErrRateLimited), 0},

		// m3ter refuses the access token. The client retries once, with a new one.
		{"401", []step{answers(401, `{}`)}, success(2), success(2), 0},
		{"401, always", always(answers(401, `{}`)), known(2, ErrUnauthorized), known(2, ErrUnauthorized), 0},
		{"403", []step{answers(403, `{}`)}, success(2), success(2), 0},
		{"403, always", always(answers(403, `{}`)), known(2, ErrForbidden), known(2, ErrForbidden), 0},

		// m3ter may have carried out the write, so the client does not retry it.
		{"408", []step{answers(408, `{}`)}, success(2), unknown(), 0},
		{"500", []step{answers(500, `{}`)}, success(2), unknown(ErrServer), 0},
		{"502 with HTML", []step{answers(502, `<html>`, "Content-Type: text/html")}, success(2), unknown(ErrServer), 0},
		{"503 with Retry-After", []step{answers(503, `{}`, "Retry-After: 17")}, success(2), unknown(ErrServer), 17 * time.Second},
		{"504, always", always(answers(504, `{}`)), known(4, ErrServer), unknown(ErrServer), 0},
		{"reset", []step{breaks(reset)}, success(2), unknown(reset), 0},
		{"cut response", []step{cut}, success(2), unknown(io.ErrUnexpectedEOF), 0},
		{"timeout of the attempt", []step{hangs}, success(2), unknown(os.ErrDeadlineExceeded), 0},

		// The client returns other statuses.
		{"302", []step{answers(302, ``, "Location: https://elsewhere.test/")}, known(1), known(1), 0},
		{"302 to nowhere", []step{answers(302, ``, "Location: http://[::1")}, known(1), known(1), 0},
		{"400", []step{answers(400, `{"message":"no"}`)}, known(1, ErrBadRequest), known(1, ErrBadRequest), 0},
		{"404", []step{answers(404, `{}`)}, known(1, ErrNotFound), known(1, ErrNotFound), 0},
		{"409", []step{answers(409, `{}`)}, known(1), known(1), 0},
		{"413", []step{answers(413, `{}`)}, known(1), known(1), 0},

		// A success is unreadable. m3ter has carried out the write.
		{"not JSON", []step{answers(200, `<html>`)}, known(1), unknown(), 0},
		{"null", []step{answers(200, `null`)}, known(1), unknown(), 0},
		{"no content", []step{answers(204, ``)}, known(1), unknown(), 0},

		// Several attempts fail in different ways.
		{"429, then a reset", []step{answers(429, `{}`), breaks(reset)}, success(3), want{2, []error{ErrOutcomeUnknown, reset}, ErrRateLimited}, 0},
		{"401, then 429, then no connection", []step{answers(401, `{}`), answers(429, `{}`), neverLeaves(reset)}, success(4), success(4), 0},
	} {
		for _, m := range methods {
			t.Run(tt.name+"/"+m.name, bubbled(func(t *testing.T) {
				want := tt.write
				if m.isRead {
					want = tt.read
				}
				s := &script{steps: tt.steps}
				start := time.Now()
				err := m.call(t.Context(), newScripted(t, s))
				if took := time.Since(start); tt.took != 0 && err == nil && took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				want.check(t, err, len(s.attempts))
				for _, req := range s.attempts {
					if first := s.attempts[0]; req.URL.String() != first.URL.String() || req.ContentLength != first.ContentLength {
						t.Errorf("sent %s of %d bytes, then %s of %d", first.URL, first.ContentLength, req.URL, req.ContentLength)
					}
				}
			}))
		}
	}
}

func (w want) check(t *testing.T, err error, attempts int) {
	t.Helper()
	asWanted := attempts == w.attempts && (err != nil) == (len(w.is) > 0 || w.isNot != nil) && (err == nil || !errors.Is(err, w.isNot))
	for _, is := range w.is {
		asWanted = asWanted && errors.Is(err, is)
	}
	if !asWanted {
		t.Errorf("%v after %d attempts, want %+v", err, attempts, w)
	}
}

// The error of a call that ends early says why, and whether m3ter may have carried out the call.
func TestCallsThatEndEarly(t *testing.T) {
	shutdown, own := errors.New("shutdown"), errors.New("budget used up")
	is := func(errs ...error) []error { return errs }
	slow := []step{answers(429, `{}`, "Retry-After: 20")}
	for name, tt := range map[string]struct {
		token       step
		steps       []step
		deadline    time.Duration // 0: in an hour
		cancelAfter time.Duration // 0: in an hour, -1: before the call
		limiterAt   int           // the attempt before which the limiter fails; unless the error is own, it cancels the context
		limiterErr  error
		tokens      int64 // token requests
		attempts    int
		retries     int           // that the log announces
		took        time.Duration // -1: any
		is          []error
		doubtful    bool // m3ter may have carried out a write
	}{
		"refused credentials":     {token: answers(401, `{"error":"invalid_client"}`), tokens: 1},
		"no token after a reset":  {token: breaks(syscall.ECONNRESET), tokens: 4, took: -1, is: is(syscall.ECONNRESET)},
		"no token, no connection": {token: neverLeaves(syscall.ECONNREFUSED), tokens: 4, took: -1, is: is(syscall.ECONNREFUSED)},
		"no token, cut":           {token: cut, tokens: 4, took: -1},
		"no token, 503":           {token: answers(503, `{}`), tokens: 4, took: -1},

		// The client does not begin a wait that outlasts the deadline.
		"no time for a wait": {steps: slow, deadline: 10 * time.Second, tokens: 1, attempts: 1, is: is(context.DeadlineExceeded, ErrRateLimited)},

		"canceled before": {cancelAfter: -1, is: is(context.Canceled)},
		"canceled later":  {steps: []step{hangs}, cancelAfter: time.Second, tokens: 1, attempts: 1, took: time.Second, is: is(context.Canceled, shutdown), doubtful: true},
		"canceled in a wait": {
			steps: slow, cancelAfter: 3 * time.Second,
			tokens: 1, attempts: 1, retries: 1, took: 3 * time.Second, is: is(context.Canceled, ErrRateLimited),
		},

		"canceled by the limiter": {limiterAt: 1, tokens: 1, is: is(context.Canceled)},
		"refused by the limiter":  {limiterAt: 1, limiterErr: own, tokens: 1, is: is(own)},
		"canceled by the limiter before a retry": {
			steps: slow, limiterAt: 2, limiterErr: context.Canceled,
			tokens: 1, attempts: 1, retries: 1, took: 20 * time.Second, is: is(context.Canceled, ErrRateLimited),
		},
		"refused by the limiter before a retry": { // the response repeats an access token that the client has replaced since
			steps: []step{answers(403, `{"message":"no access with token-1"}`)}, limiterAt: 2, limiterErr: own,
			tokens: 2, attempts: 1, retries: 1, is: is(ErrForbidden, own),
		},
	} {
		for _, m := range methods {
			t.Run(name+"/"+m.name, bubbled(func(t *testing.T) {
				ctx, stop := context.WithTimeout(t.Context(), cmp.Or(tt.deadline, time.Hour))
				defer stop()
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(cmp.Or(tt.cancelAfter, time.Hour), func() { cancel(shutdown) })
				synctest.Wait()
				turn := 0
				limiter := limiterFunc(func(ctx context.Context) error {
					if turn++; turn != tt.limiterAt {
						return ctx.Err()
					}
					if tt.limiterErr != own {
						cancel(nil)
					}
					return tt.limiterErr
				})
				s := &script{token: tt.token, steps: tt.steps}
				start := time.Now()
				var out bytes.Buffer
				err := m.call(ctx, newScripted(t, s, WithLimiter(limiter), WithLogger(slog.New(slog.NewTextHandler(&out, nil)))))
				if took := time.Since(start); tt.took >= 0 && took != tt.took || s.tokens.Load() != tt.tokens {
					t.Errorf("took %v and %d token requests", took, s.tokens.Load())
				}
				blamesRate := strings.Contains(fmt.Sprint(err), "waiting for the rate limit")
				if errors.As(err, new(*AuthError)) != (tt.token != nil) || strings.Contains(fmt.Sprint(err), "token-1") || blamesRate != (tt.limiterErr != nil) {
					t.Error(err)
				}
				synctest.Wait()
				if log := out.String(); strings.Count(log, "retrying m3ter call") != tt.retries || strings.Contains(log, "giving up") != (tt.attempts > 0) {
					t.Error(log)
				}
				w := known(tt.attempts, tt.is...)
				if tt.doubtful && !m.isRead {
					w = unknown(tt.is...)
				}
				w.check(t, err, len(s.attempts))
			}))
		}
	}
}

// A 429 holds back all calls of the organization, even after the last attempt of a call, and no other organization.
func TestA429HoldsTheOthersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newScripted(t, &script{steps: []step{answers(429, `{}`, "Retry-After: 5")}})
		go doWrite(t, client)
		synctest.Wait()
		succeeds(t, client.Organization("other"), 0)
		succeeds(t, client.Organization("org"), 5*time.Second)
		synctest.Wait()

		client = newScripted(t, &script{steps: always(answers(429, `{}`))[:4]})
		if err := doWrite(t, client); !errors.Is(err, ErrRateLimited) {
			t.Fatal(err)
		}
		succeeds(t, client, time.Second)

		// If m3ter asks for longer than a call waits, the others wait for a second, and may get a 429 of their own.
		client = newScripted(t, &script{steps: []step{answers(429, `{}`, "Retry-After: 86400")}})
		if err := doWrite(t, client); !errors.Is(err, ErrRateLimited) {
			t.Fatal(err)
		}
		succeeds(t, client, time.Second)
	})
}

// Every attempt sends the whole request body. A body that can't be rewound is sent once, even if a retry is safe.
func TestBodiesOfAttempts(t *testing.T) {
	for name, tt := range map[string]struct {
		body   io.Reader
		status int
		bodies []string
	}{
		"rewound":     {strings.NewReader("text"), 200, []string{"text", "text", "text"}},
		"not rewound": {io.MultiReader(strings.NewReader("text")), 429, []string{"text"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{answers(429, `{}`), answers(401, `{}`)}}
			resp, err := newScripted(t, s).Do(newRequest(t, "POST", "https://m3ter.test/x", tt.body))
			if err != nil || resp.StatusCode != tt.status || !slices.Equal(s.bodies, tt.bodies) {
				t.Errorf("%s: %v, %v after %q", name, resp, err, s.bodies)
			}
		})
	}
}

func TestRetryPolicy(t *testing.T) {
	defaults := RetryPolicy{}.withDefaults()
	want := defaults
	want.MaxRetryAfter = time.Minute
	if got := (RetryPolicy{MaxRetryAfter: time.Minute}).withDefaults(); got != want {
		t.Errorf("%+v, but the defaults are %+v", got, defaults)
	}
	policy := RetryPolicy{MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second}
	for attempt, most := range map[int]time.Duration{1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 4: 800 * time.Millisecond, 5: time.Second, 1000: time.Second} {
		var longest time.Duration
		for range 1000 {
			longest = max(longest, policy.backoff(attempt))
		}
		if longest > most || longest < most*8/10 { // the chance that 1,000 even draws are below 0.8 is 1e-97
			t.Errorf("after attempt %d at most %v, want up to %v", attempt, longest, most)
		}
	}
}

// A call that can't retry gets the refusal, and the next call gets a new access token.
func TestDeniedTokenIsReplacedForTheNextCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{answers(401, `{}`)}}
		client := newScripted(t, s, onceOnly)
		if err := doWrite(t, client); !errors.Is(err, ErrUnauthorized) {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := doWrite(t, client); err != nil || s.attempts[1].Header.Get("Authorization") != "Bearer token-2" {
			t.Errorf("%v with %q", err, s.attempts[1].Header["Authorization"])
		}
	})
}

func TestMethodsThatAreReads(t *testing.T) {
	for method, attempts := range map[string]int{"GET": 2, "HEAD": 2, "OPTIONS": 2, "POST": 1, "PUT": 1, "PATCH": 1, "DELETE": 1} {
		s := &script{steps: []step{answers(503, ``)}}
		_, err := newScripted(t, s, atOnce).Do(newRequest(t, method, "https://m3ter.test/x", nil))
		if err != nil || len(s.attempts) != attempts {
			t.Errorf("%q: %v after %d attempts", method, err, len(s.attempts))
		}
	}
}

// The client closes every response body. Otherwise the transport would lose the connection.
func TestAnswersAreClosed(t *testing.T) {
	var steps []step
	var bodies []*closeCounter
	for _, from := range []step{answers(503, `{}`), cut, answers(401, `{}`), answers(404, `{}`)} {
		body := &closeCounter{}
		bodies = append(bodies, body)
		steps = append(steps, changed(from, func(resp *http.Response) { body.Reader, resp.Body = resp.Body, body }))
	}
	err := doRead(t, newScripted(t, &script{steps: steps}, atOnce))
	for i, body := range bodies {
		if !errors.Is(err, ErrNotFound) || body.closed == 0 {
			t.Errorf("%v; response %d was closed %d times", err, i, body.closed)
		}
	}
}

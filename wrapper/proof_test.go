package m3teraccess

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Behind a transport of another make a request never left when the only connection it asked for could not be made, and
// nothing is under way.
func TestWhatProvesThatAWriteNeverLeft(t *testing.T) {
	for _, test := range []struct {
		events string
		proof  bool
	}{
		{"", false},
		{"GetConn", false},
		{"GetConn, DNSDone error", true},
		{"GetConn, ConnectStart, ConnectDone error", true},
		{"GetConn, DNSDone, ConnectStart, ConnectDone error, ConnectStart, ConnectDone error", true},
		{"GetConn, ConnectStart, ConnectDone, TLSHandshakeDone error", true},
		{"GetConn, ConnectStart", false},
		{"GetConn, ConnectStart, ConnectDone", false},
		{"GetConn, ConnectStart, ConnectStart, ConnectDone error", false},
		{"GetConn, ConnectStart, ConnectDone error, ConnectStart, ConnectDone", false},
		{"GetConn, GetConn, ConnectStart, ConnectDone error", false},
		{"GetConn, GotConn, ConnectStart, ConnectDone error", false},
		{"ConnectStart, ConnectDone error", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			events := strings.FieldsFunc(test.events, func(r rune) bool { return r == ',' })
			for i := range events {
				events[i] = strings.TrimSpace(events[i])
			}
			s := &script{steps: []step{reports(syscall.ECONNREFUSED, events...)}}
			err := methods[0].call(t.Context(), newScripted(t, s))
			if (err == nil && s.sent() == 2) != test.proof || errors.Is(err, ErrOutcomeUnknown) == test.proof {
				t.Errorf("%s: %v after %d attempts", test.events, err, s.sent())
			}
		})
	}
}

// The error of another way, tried after the dial that failed, is no proof.
func TestFallbackProvesNothing(t *testing.T) {
	dial := reports(syscall.ECONNREFUSED, "GetConn", "ConnectStart", "ConnectDone error")
	for name, returned := range map[string]struct {
		err   error
		proof bool
	}{
		"the dial's":          {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"the other way's":     {errors.New("answer lost"), false},
		"one of another dial": {syscall.ECONNRESET, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{func(req *http.Request) (*http.Response, error) {
				_, _ = dial(req)
				return nil, returned.err
			}}}
			if err := methods[0].call(t.Context(), newScripted(t, s)); (err == nil) != returned.proof {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// What net/http says of a refused stream is believed when it says nothing else.
func TestRefusals(t *testing.T) {
	const before, after = "http2: Transport: cannot retry err [", "] after Request.Body was written; define Request.GetBody to avoid this error"
	for text, proof := range map[string]bool{
		before + "stream error: stream ID 7; REFUSED_STREAM; received from peer" + after: true,
		"stream error: stream ID 7; REFUSED_STREAM; received from peer":                  true,
		before + "http2: Transport received Server's graceful shutdown GOAWAY" + after:   true,
		"http2: Transport received GOAWAY from server ErrCode:PROTOCOL_ERROR":            true,
		"net/http: cannot rewind body after connection loss":                             true,

		before + "stream error: stream ID 7; PROTOCOL_ERROR; received from peer" + after:                                 false,
		"stream error: stream ID 7; INTERNAL_ERROR; received from peer":                                                  false,
		"stream error: stream ID 7; REFUSED_STREAM":                                                                      false,
		"stream error: stream ID 7; CANCEL; REFUSED_STREAM; received from peer":                                          false,
		`malformed HTTP response "stream error: stream ID 7; REFUSED_STREAM; received from peer"`:                        false,
		`http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug="REFUSED_STREAM"`:  false,
		"another make: stream error: stream ID 7; REFUSED_STREAM; received from peer":                                    false,
		"stream error: stream ID 7; INTERNAL_ERROR; received from peer: http2: Transport received Server's graceful ...": false,
	} {
		for name, err := range map[string]error{"": errors.New(text), "in a url.Error": &url.Error{Op: "Post", Err: errors.New(text)}} {
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: []step{reports(err, "GetConn", "GotConn", "WroteRequest")}}
				err := methods[0].call(t.Context(), newScripted(t, s))
				if (err == nil) != proof || errors.Is(err, ErrOutcomeUnknown) == proof {
					t.Errorf("%s %s: %v", text, name, err)
				}
				if err != nil && strings.Contains(err.Error(), "GetBody") {
					t.Errorf("what a caller can't do is advised: %v", err)
				}
			})
		}
	}
}

// A refusal of one of several requests says nothing of the others.
func TestRefusalOfARepetition(t *testing.T) {
	refused := errors.New("stream error: stream ID 7; REFUSED_STREAM; received from peer")
	s := &script{steps: []step{reports(refused, "GetConn", "GotConn", "WroteRequest", "GetConn", "GotConn", "WroteRequest")}}
	if err := methods[0].call(t.Context(), newScripted(t, s)); !errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("%v", err)
	}
}

// Refused for ever is not done, and said so.
func TestRefusedForEver(t *testing.T) {
	refused := errors.New("stream error: stream ID 7; REFUSED_STREAM; received from peer")
	s := &script{steps: []step{breaks(refused), breaks(refused)}}
	err := methods[0].call(t.Context(), newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 2, MinBackoff: 1})))
	if err == nil || errors.Is(err, ErrOutcomeUnknown) || s.sent() != 2 || !strings.Contains(err.Error(), ": not processed: ") {
		t.Errorf("%v after %d attempts", err, s.sent())
	}
}

// Where another connection failed than the request was written to, the error says so.
func TestConnectionLostBefore(t *testing.T) {
	s := &script{steps: []step{reports(syscall.ECONNREFUSED, "GetConn", "GotConn", "WroteRequest", "GetConn", "ConnectStart", "ConnectDone error")}}
	err := methods[0].call(t.Context(), newScripted(t, s))
	if !errors.Is(err, ErrOutcomeUnknown) || !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), "lost after the request was written") {
		t.Errorf("%v", err)
	}
}

// The answer to a write that the transport sent more than once is that to one of the requests.
func TestRepetitionsByTheTransport(t *testing.T) {
	twice := []string{"GetConn", "GotConn", "WroteRequest", "GotConn", "WroteRequest"}
	onceOnly := []string{"GetConn", "GotConn", "WroteRequest error", "GotConn", "WroteRequest"}
	for _, m := range methods {
		for _, status := range []int{302, 400, 401, 403, 404, 409, 412, 429} {
			for name, events := range map[string][]string{"twice": twice, "once": onceOnly} {
				synctest.Test(t, func(t *testing.T) {
					s := &script{steps: []step{after(events, answers(status, `{"message":"version"}`)), after(events, answers(status, `{}`))}}
					err := m.call(t.Context(), newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 2})))
					unknown := name == "twice" && !m.isRead
					if errors.Is(err, ErrOutcomeUnknown) != unknown || unknown && s.sent() != 1 {
						t.Errorf("%s, %d %s: %v after %d attempts", m.name, status, name, err, s.sent())
					}
				})
			}
		}
		for name, events := range map[string][]string{"twice": twice, "once": onceOnly} {
			s := &script{steps: []step{after(events, answers(200, `{"id":"1","data":[]}`))}}
			heads, _, _ := logLines(t, slog.LevelWarn, s, m)
			if warned := len(heads) == 1 && strings.Contains(heads[0], "more than once"); warned != (name == "twice" && !m.isRead) {
				t.Errorf("%s %s: %q", m.name, name, heads)
			}
		}
	}
}

// after makes a step that has events traced before it goes on.
func after(events []string, then step) step {
	return func(req *http.Request) (*http.Response, error) {
		_, _ = reports(errors.New("failed"), events...)(req)
		return then(req)
	}
}

// What fails before the first byte is not sent, and said so.
func TestFailuresBeforeTheFirstByte(t *testing.T) {
	problem := errors.New("no proxy today")
	transport := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, problem }}
	for _, m := range methods {
		client := newScripted(t, &script{}, WithHTTPClient(&http.Client{Transport: transport}), withToken1, WithRetry(RetryPolicy{MaxAttempts: 1}))
		err := m.call(t.Context(), client)
		if !errors.Is(err, problem) || errors.Is(err, ErrOutcomeUnknown) || !m.isRead && !strings.Contains(err.Error(), ": not sent: ") {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// A request that net/http would refuse is refused before.
func TestRequestsThatCannotBeSent(t *testing.T) {
	for name, spoil := range map[string]func(*http.Request){
		"trailer":            func(req *http.Request) { req.Trailer = http.Header{"content-length": nil} },
		"trailer of lengths": func(req *http.Request) { req.Trailer = http.Header{"Transfer-Encoding": nil} },
		"length":             func(req *http.Request) { req.ContentLength = 5 },
		"negative length":    func(req *http.Request) { req.ContentLength = -1 },
		"length of no body":  func(req *http.Request) { req.ContentLength, req.Body = 5, http.NoBody },
		//lint:ignore SA1019 it is refused, since net/http knows it
		"cancel": func(req *http.Request) { req.Cancel = make(chan struct{}) },
		"space":  func(req *http.Request) { req.URL.RawQuery = "a b" },
	} {
		for _, method := range []string{"GET", "POST"} {
			req, err := http.NewRequestWithContext(t.Context(), method, "https://m3ter.test/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			spoil(req)
			s := &script{}
			if _, err := newScripted(t, s).Do(req); !errors.As(err, new(*ValidationError)) || s.sent() != 0 {
				t.Errorf("%s, %s: %v", name, method, err)
			}
		}
	}
}

// A nil that would panic later is refused where it is given.
func TestNilIsRefused(t *testing.T) {
	for name, opt := range map[string]Option{
		"limiter":         WithLimiter((*nilLimiter)(nil)),
		"limiter's func":  WithLimiter(limiterFunc(nil)),
		"token source":    WithTokenSource((*nilSource)(nil)),
		"transport":       WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)}),
		"transport's fun": WithHTTPClient(&http.Client{Transport: roundTripper(nil)}),
		"jar":             WithHTTPClient(&http.Client{Jar: (*countingJar)(nil)}),
	} {
		_, err := NewClient(WithCredentials("key", "secret"), WithOrganization("org"), opt)
		if !errors.As(err, new(*ValidationError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var none context.Context
	for _, m := range methods {
		s := &script{}
		if err := m.call(none, newScripted(t, s)); !errors.As(err, new(*ValidationError)) || s.sent() != 0 {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	_, err := RetryOnConflict(none, func(context.Context) (int64, error) { return 0, nil }, func(context.Context, int64) (int, error) { return 0, nil })
	if !errors.As(err, new(*ValidationError)) {
		t.Errorf("RetryOnConflict: %v", err)
	}
}

type nilLimiter struct{ turns int }

func (l *nilLimiter) Wait(context.Context) error { l.turns++; return nil }

// A date of Retry-After is measured by the clock that gave it.
func TestRetryAfterByTheClockOfTheService(t *testing.T) {
	const noon = "Sat, 01 Jan 2000 12:00:00 GMT"
	now := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		value, date string
		clock       time.Duration // of ours, before or behind
		want        time.Duration
	}{
		{"Sat, 01 Jan 2000 12:00:09 GMT", noon, 0, 9 * time.Second},
		{"Sat, 01 Jan 2000 12:00:09 GMT", noon, 2 * time.Hour, 9 * time.Second},
		{"Sat, 01 Jan 2000 12:00:09 GMT", noon, -2 * time.Hour, 9 * time.Second},
		{"Sat, 01 Jan 2000 11:59:00 GMT", noon, -2 * time.Hour, 0},
		{"Sat, 01 Jan 2000 12:00:09 GMT", "", -time.Second, 10 * time.Second},
		{"Sat, 01 Jan 2000 12:00:09 GMT", "yesterday", -time.Second, 10 * time.Second},
		{"9", noon, time.Hour, 9 * time.Second},
		{"-9", "", 0, 0},
		{"soon", "", 0, 0},
	} {
		h := http.Header{"Retry-After": {test.value}, "Date": {test.date}}
		if got := retryAfter(h, now.Add(test.clock)); got != test.want {
			t.Errorf("%q at %q, our clock %v off: %v, want %v", test.value, test.date, test.clock, got, test.want)
		}
	}
	for _, most := range []string{"9223372036854775807", "9223372036854775808", "99999999999999999999999999"} {
		if got := retryAfter(http.Header{"Retry-After": {most}}, now); got < 100*365*24*time.Hour {
			t.Errorf("%s: %v", most, got)
		}
	}
	if got := retryAfter(http.Header{"Retry-After": {"-99999999999999999999999999"}}, now); got != 0 {
		t.Errorf("below every int64: %v", got)
	}
}

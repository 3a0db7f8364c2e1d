package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const refusedStream = "stream error: stream ID 7; REFUSED_STREAM; received from peer"

// A foreign transport proves that it did not send a request if its only connection failed, with the returned error, and
// no other connection is under way.
func TestWhatProvesThatAWriteNeverLeft(t *testing.T) {
	const written = "GetConn, GotConn, WroteRequest"
	refused, reset := error(syscall.ECONNREFUSED), error(syscall.ECONNRESET)
	for _, test := range []struct {
		events string
		failed error
		proof  bool
		says   string
	}{
		{"", refused, false, ""},
		{"GetConn", refused, false, ""},
		{"GetConn, DNSDone error", refused, true, ""},
		{failedDial, refused, true, ""},
		{"GetConn, DNSDone, ConnectStart, ConnectDone error, ConnectStart, ConnectDone error", refused, true, ""},
		{"GetConn, ConnectStart, ConnectDone, TLSHandshakeDone error", refused, true, ""},
		{"GetConn, ConnectStart", refused, false, ""},
		{"GetConn, ConnectStart, ConnectDone", refused, false, ""},
		{"GetConn, ConnectStart, ConnectStart, ConnectDone error", refused, false, ""},
		{"GetConn, ConnectStart, ConnectDone error, ConnectStart, ConnectDone", refused, false, ""},
		{"GetConn, GetConn, ConnectStart, ConnectDone error", refused, false, ""},
		{"GetConn, GotConn, ConnectStart, ConnectDone error", refused, false, ""},
		{"ConnectStart, ConnectDone error", refused, false, ""},

		{failedDial, &net.OpError{Op: "dial", Err: refused}, true, ""},
		{failedDial, errors.New("response lost"), false, ""}, // by another way, which the transport tried later
		{failedDial, reset, false, ""},
		{written + ", " + failedDial, refused, false, "the request was written to one connection"},
		{written + ", " + written, errors.New(refusedStream), false, ""}, // one of two requests is refused
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{after(test.events, refused, foreign(test.failed))}}
			err := doWrite(t, newScripted(t, s))
			if (err == nil && len(s.attempts) == 2) != test.proof || errors.Is(err, ErrOutcomeUnknown) == test.proof {
				t.Errorf("%s, then %v: %v after %d attempts", test.events, test.failed, err, len(s.attempts))
			}
			if err != nil && (!errors.Is(err, test.failed) || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("%s, then %v: %v does not say %q", test.events, test.failed, err, test.says)
			}
		})
	}
}

// Some errors of net/http prove that m3ter did not process a request. The error of the last attempt gives the proof.
func TestRefusals(t *testing.T) {
	const before, advice = "http2: Transport: cannot retry err [", "] after Request.Body was written; define Request.GetBody to avoid this error"
	const unprocessed = ": not processed: "
	for text, proof := range map[string]string{ // "": no proof
		before + refusedStream + advice: unprocessed,
		refusedStream:                   unprocessed,
		before + "http2: Transport received Server's graceful shutdown GOAWAY" + advice: unprocessed,
		"http2: Transport received GOAWAY from server ErrCode:PROTOCOL_ERROR":           unprocessed,
		"net/http: cannot rewind body after connection loss":                            ": not sent: ",

		before + "stream error: stream ID 7; PROTOCOL_ERROR; received from peer" + advice:                                "",
		"stream error: stream ID 7; INTERNAL_ERROR; received from peer":                                                  "",
		"stream error: stream ID 7; REFUSED_STREAM":                                                                      "",
		"stream error: stream ID 7; CANCEL; REFUSED_STREAM; received from peer":                                          "",
		`malformed HTTP response "stream error: stream ID 7; REFUSED_STREAM; received from peer"`:                        "",
		`http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug="REFUSED_STREAM"`:  "",
		"another make: stream error: stream ID 7; REFUSED_STREAM; received from peer":                                    "",
		"stream error: stream ID 7; INTERNAL_ERROR; received from peer: http2: Transport received Server's graceful ...": "",
	} {
		for name, err := range map[string]error{"": errors.New(text), "in a url.Error": &url.Error{Op: "Post", Err: errors.New(text)}} {
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: always(after("GetConn, GotConn, WroteRequest", nil, foreign(err)))}
				err := doWrite(t, newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 2})))
				isRefused := proof != ""
				if errors.Is(err, ErrOutcomeUnknown) == isRefused || (len(s.attempts) == 2) != isRefused || !strings.Contains(fmt.Sprint(err), proof) {
					t.Errorf("%s %s: %v after %d attempts", text, name, err, len(s.attempts))
				}
				if strings.Contains(fmt.Sprint(err), "GetBody") {
					t.Errorf("the advice is of no use to a caller: %v", err)
				}
			})
		}
	}
}

// If the transport sends a write twice, the response may belong to either request, so the outcome is unknown.
func TestRepetitionsByTheTransport(t *testing.T) {
	for name, trace := range map[string]string{
		"twice": "GetConn, GotConn, WroteRequest, GotConn, WroteRequest",
		"once":  "GetConn, GotConn, WroteRequest error, GotConn, WroteRequest",
	} {
		sends := func(then step) step { return after(trace, errors.New("failed"), then) }
		for _, m := range methods {
			doubtful := name == "twice" && !m.isRead
			for _, status := range []int{302, 400, 401, 403, 404, 409, 412, 429} {
				synctest.Test(t, func(t *testing.T) {
					s := &script{steps: []step{sends(answers(status, `{"message":"version"}`)), sends(answers(status, `{}`))}}
					err := m.call(t.Context(), newScripted(t, s, WithRetry(RetryPolicy{MaxAttempts: 2})))
					if errors.Is(err, ErrOutcomeUnknown) != doubtful || doubtful && len(s.attempts) != 1 {
						t.Errorf("%s, %d %s: %v after %d attempts", m.name, status, name, err, len(s.attempts))
					}
				})
			}
			s := &script{steps: []step{sends(answers(200, `{"id":"1","data":[]}`))}}
			log := logOf(t, slog.LevelWarn, s, m)
			if warned := strings.Count(log, "\n") == 1 && strings.Contains(log, "more than once"); warned != doubtful {
				t.Errorf("%s %s: %q", m.name, name, log)
			}
		}
	}
}

// The error of a failure before the first byte says that nothing was sent.
func TestFailuresBeforeTheFirstByte(t *testing.T) {
	problem := errors.New("no network today")
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, problem }}
	for _, m := range methods {
		client := newScripted(t, &script{}, WithHTTPClient(&http.Client{Transport: transport}), withToken1, onceOnly)
		err := m.call(t.Context(), client)
		if !errors.Is(err, problem) || errors.Is(err, ErrOutcomeUnknown) || !m.isRead && !strings.Contains(err.Error(), ": not sent: ") {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// An option refuses a nil that would panic later. A call refuses a nil context.
func TestNilIsRefused(t *testing.T) {
	for name, opt := range map[string]Option{
		"limiter":          WithLimiter((*holdable)(nil)),
		"limiter's func":   WithLimiter(limiterFunc(nil)),
		"token source":     WithTokenSource(sourceFunc(nil)),
		"transport":        WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)}),
		"transport's func": WithHTTPClient(&http.Client{Transport: step(nil)}),
		"jar":              WithHTTPClient(&http.Client{Jar: (*countingJar)(nil)}),
	} {
		_, err := NewClient(WithCredentials("key", "secret"), WithOrganization("org"), opt)
		if !errors.As(err, new(*ValidationError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var none context.Context
	for _, m := range methods {
		s := &script{}
		if err := m.call(none, newScripted(t, s)); !errors.As(err, new(*ValidationError)) || len(s.attempts) != 0 {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	_, err := RetryOnConflict(none, readOne, func(context.Context, int64) (int, error) { return 0, nil })
	if !errors.As(err, new(*ValidationError)) {
		t.Errorf("RetryOnConflict: %v", err)
	}
}

// A date in Retry-After is compared with the Date of the response or, without one, with the local clock.
func TestRetryAfter(t *testing.T) {
	const noon, later = "Sat, 01 Jan 2000 12:00:00 GMT", "Sat, 01 Jan 2000 12:00:09 GMT"
	now := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
	const longest = 9223372036 * time.Second // no overflow
	for _, test := range []struct {
		value, date string
		clock       time.Duration // of this machine, ahead of noon
		want        time.Duration
	}{
		{later, noon, 0, 9 * time.Second},
		{later, noon, 2 * time.Hour, 9 * time.Second},
		{later, noon, -2 * time.Hour, 9 * time.Second},
		{"Sat, 01 Jan 2000 11:59:00 GMT", noon, -2 * time.Hour, 0},
		{later, "", -time.Second, 10 * time.Second},
		{later, "yesterday", -time.Second, 10 * time.Second},
		{"Saturday, 01-Jan-00 12:00:09 UTC", "", 0, 9 * time.Second},
		{"Sat Jan  1 12:00:09 2000", "", 0, 9 * time.Second},
		{"", "", 0, 0},
		{"0", "", 0, 0},
		{"9", noon, time.Hour, 9 * time.Second},
		{"-9", "", 0, 0},
		{"1.5", "", 0, 0}, // not a form of the header
		{"soon", "", 0, 0},
		{"9223372036854775807", "", 0, longest},
		{"9223372036854775808", "", 0, longest},
		{"99999999999999999999999999", "", 0, longest},
		{"-99999999999999999999999999", "", 0, 0},
	} {
		h := http.Header{"Retry-After": {test.value}, "Date": {test.date}}
		if got := retryAfter(h, now.Add(test.clock)); got != test.want {
			t.Errorf("%q at %q, with a clock %v ahead: %v, want %v", test.value, test.date, test.clock, got, test.want)
		}
	}
}

// The error of a read whose response was lost does not say that the read was not sent.
func TestReadThatWasSent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client, err := NewClient(WithBaseURL(server.URL), WithOrganization("org"), onceOnly, withToken1,
		WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = client.UserPermissionsPage(t.Context(), "user", PageParams{}); !errors.Is(err, io.EOF) || strings.Contains(err.Error(), "not sent") {
		t.Errorf("got %v", err)
	}
}

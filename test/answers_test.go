package test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// abort sends the bytes written so far, and closes the connection.
func abort(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// pad writes at least size spaces, unless the client closes the connection first.
func pad(w http.ResponseWriter, size int) {
	chunk := []byte(strings.Repeat(" ", 64<<10))
	for sent := 0; sent < size; sent += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// endless writes until the client closes the connection.
func endless(w http.ResponseWriter) { pad(w, math.MaxInt) }

// The results of a call with a broken response.
const (
	fine       = "a value"
	unreadable = "a DecodeError"
	lost       = "io.ErrUnexpectedEOF"
)

// A brokenAnswer is a broken response. The word good in its body stands for a valid body.
type brokenAnswer struct {
	name           string
	body           string
	header         map[string]string
	then           func(http.ResponseWriter)
	success        string // the result of the call if the status is 200
	successAllowed bool   // the document allows it with status 200
	failureAllowed bool   // the document allows it with status 400 or 500
	hasMessage     bool   // the client reads its message
}

var brokenAnswers = []brokenAnswer{
	{name: "HTML", body: "<html>good</html>", header: map[string]string{"Content-Type": "text/html"}, success: unreadable},
	{name: "HTML that claims to be JSON", body: "<html>", success: unreadable},
	{name: "empty", success: unreadable},
	{name: "empty, no content type", header: map[string]string{"Content-Type": ""}, success: unreadable},
	{name: "null", body: "null", success: unreadable},
	{name: "null, space around", body: " null\n", success: unreadable},
	{name: "empty object", body: "{}", success: unreadable, failureAllowed: true},
	{name: "a string", body: `"good"`, success: unreadable},
	{name: "a number", body: "7", success: unreadable},
	{name: "id of a wrong type", body: `{"id":7,"data":7,"message":7}`, success: unreadable},
	{name: "id null", body: `{"id":null}`, success: unreadable, failureAllowed: true},
	{name: "cut JSON", body: `{"id":"x","data":[`, success: unreadable},
	// kin-openapi ignores everything after the first value.
	{name: "two values", body: "good good", success: unreadable, successAllowed: true, failureAllowed: true},
	{name: "garbage behind", body: "good]", success: unreadable, successAllowed: true, failureAllowed: true},
	{name: "byte order mark", body: "\ufeffgood", success: fine, hasMessage: true},
	{name: "text/plain", body: "good", header: map[string]string{"Content-Type": "text/plain"}, success: unreadable, hasMessage: true},
	{name: "a content type that can't be read", body: "good", header: map[string]string{"Content-Type": "json;;="}, success: unreadable, hasMessage: true},
	{name: "no content type", body: "good", header: map[string]string{"Content-Type": ""}, success: fine, hasMessage: true},
	{name: "charset", body: "good", header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, success: fine, successAllowed: true, failureAllowed: true, hasMessage: true},
	{name: "another case", body: "good", header: map[string]string{"Content-Type": "Application/JSON"}, success: fine, successAllowed: true, failureAllowed: true, hasMessage: true},
	{name: "problem+json", body: "good", header: map[string]string{"Content-Type": "application/problem+json"}, success: fine, hasMessage: true},
	{name: "vnd+json", body: "good", header: map[string]string{"Content-Type": "application/vnd.m3ter.v1+json; charset=utf-8"}, success: fine, hasMessage: true},
	{name: "shorter than announced", body: "good", header: map[string]string{"Content-Length": "5000"}, then: abort, success: lost},
	{name: "cut within a chunk", body: "good", then: abort, success: lost},
	{name: "nothing of what was announced", header: map[string]string{"Content-Length": "9"}, then: abort, success: lost},
	{name: "endless", body: "good", then: endless, success: unreadable},
}

// The test gives each call each broken response, with the status of a success and with those of failures.
func TestBrokenAnswers(t *testing.T) {
	for _, broken := range brokenAnswers {
		for _, status := range []int{200, 400, 500} {
			for _, call := range calls {
				t.Run(fmt.Sprintf("%s/%d/%s", broken.name, status, call.name), func(t *testing.T) {
					t.Parallel()
					good, isAllowed, success := `{"message":"no way"}`, broken.failureAllowed, ""
					if status == 200 {
						good, isAllowed, success = call.good, broken.successAllowed, broken.success
					}
					body := strings.ReplaceAll(broken.body, "good", good)
					server := newServer(t, answer{status, broken.header, body, !isAllowed, broken.then})
					err := call.do(t.Context(), server.client(t, m3teraccess.WithMaxResponseBytes(64<<10)))
					if n := len(server.requests()); n != 1 {
						t.Errorf("it was sent %d times", n)
					}
					if got, want := errors.Is(err, m3teraccess.ErrOutcomeUnknown), call.write && status != 400 && success != fine; got != want {
						t.Errorf("matches ErrOutcomeUnknown: %t, want %t: %v", got, want, err)
					}
					checkBroken(t, err, status, success, broken.hasMessage, body)
				})
			}
		}
	}
}

// checkBroken compares an error with the response. success is the result for a status of 200, or "" for another status.
func checkBroken(t *testing.T, err error, status int, success string, speaks bool, body string) {
	var failure *m3teraccess.Error
	var decodeError *m3teraccess.DecodeError
	isFailure, isUnreadable := errors.As(err, &failure), errors.As(err, &decodeError)
	isLost := errors.Is(err, io.ErrUnexpectedEOF)
	if (err == nil) != (success == fine) || isFailure != (success == "") || isUnreadable != (success == unreadable) || isLost != (success == lost) {
		t.Fatalf("got %T %v, want %s", err, err, success)
	}
	// The limit does not count the text about an unknown outcome.
	if text := fmt.Sprint(err); len(text) > maxErrorText+500 || strings.ContainsAny(text, "\n\r\x1b\x00") || strings.HasSuffix(text, "to find out, ") {
		t.Errorf("%d bytes: %.2000q", len(text), text)
	}
	if isFailure {
		if failure.StatusCode != status || speaks && failure.Message != "no way" {
			t.Errorf("got %+v", failure)
		}
		checkPrefix(t, failure.Body, body)
	}
	if isUnreadable {
		if decodeError.StatusCode != status || decodeError.Method == "" || decodeError.Path == "" {
			t.Errorf("got %+v", decodeError)
		}
		checkPrefix(t, decodeError.Body, body)
	}
}

// maxErrorBody limits the body that an error keeps, and maxErrorText its text, in bytes.
const (
	maxErrorBody = 8 << 10
	maxErrorText = 1 << 10
)

func checkPrefix(t *testing.T, kept []byte, body string) {
	t.Helper()
	if len(kept) > maxErrorBody || !strings.HasPrefix(string(kept), body[:min(len(body), maxErrorBody)]) {
		t.Errorf("the error keeps %d bytes, %.100q, want %.100q", len(kept), kept, body)
	}
}

// The client reads at most one byte more than the limit.
func TestEndlessResponseIsReadUpToTheLimit(t *testing.T) {
	for _, status := range []int{200, 400, 500} {
		for _, call := range calls {
			const size, bound = 2000, 1000
			body := strings.NewReader(strings.Repeat(" ", size))
			base := transportFunc(func(*http.Request) (*http.Response, error) {
				header := http.Header{"Content-Type": {"application/json"}, invalidMark: {"true"}}
				return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), ContentLength: -1}, nil
			})
			err := call.do(t.Context(), newLocalClient(t, base, m3teraccess.WithMaxResponseBytes(bound)))
			if read := size - body.Len(); err == nil || read > bound+1 {
				t.Errorf("%s, %d: %d bytes were read: %v", call.name, status, read, err)
			}
		}
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A response of exactly the limit is not too long.
func TestMaxResponseBytes(t *testing.T) {
	const body = `{"data":[],"nextToken":""}`
	for size, want := range map[int64]bool{int64(len(body)): true, int64(len(body)) - 1: false, 1: false} {
		// The client doesn't read a longer response to its end, so the contract can't compare it with the document.
		a := answer{status: 200, body: body, isInvalid: !want}
		client := newLocalClient(t, viaHandler{a}, m3teraccess.WithMaxResponseBytes(size))
		if err := read(t, client); (err == nil) != want {
			t.Errorf("%d bytes of %d: %v", size, len(body), err)
		}
	}
}

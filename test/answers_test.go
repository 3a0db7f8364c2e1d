package test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// abort cuts the connection after what was written so far.
func abort(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// stream writes until the client has left.
func stream(w http.ResponseWriter) {
	for chunk := []byte(strings.Repeat(" ", 1<<10)); ; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// What a caller gets for a broken response.
const (
	fine       = "a value"
	unreadable = "a DecodeError"
	lost       = "io.ErrUnexpectedEOF"
)

// A brokenAnswer is a broken response. good in its body stands for the body that would be right.
type brokenAnswer struct {
	name          string
	body          string
	header        map[string]string
	then          func(http.ResponseWriter)
	success       string // what the caller gets if the status is 200
	successKeeps  bool   // the document allows it with status 200
	failureKeeps  bool   // the document allows it with status 400 or 500
	failureSpeaks bool   // the client finds its message
}

var brokenAnswers = []brokenAnswer{
	{name: "HTML", body: "<html>good</html>", header: map[string]string{"Content-Type": "text/html"}, success: unreadable},
	{name: "HTML that claims to be JSON", body: "<html>", success: unreadable},
	{name: "empty", success: unreadable},
	{name: "empty, no content type", header: map[string]string{"Content-Type": ""}, success: unreadable},
	{name: "null", body: "null", success: unreadable},
	{name: "null, space around", body: " null\n", success: unreadable},
	{name: "empty object", body: "{}", success: unreadable, failureKeeps: true},
	{name: "a string", body: `"good"`, success: unreadable},
	{name: "a number", body: "7", success: unreadable},
	{name: "id of a wrong type", body: `{"id":7,"data":7,"message":7}`, success: unreadable},
	{name: "id null", body: `{"id":null}`, success: unreadable, failureKeeps: true},
	{name: "cut JSON", body: `{"id":"x","data":[`, success: unreadable},
	// kin-openapi reads one value and looks no further.
	{name: "two values", body: "good good", success: unreadable, successKeeps: true, failureKeeps: true},
	{name: "garbage behind", body: "good]", success: unreadable, successKeeps: true, failureKeeps: true},
	{name: "byte order mark", body: "\ufeffgood", success: fine, failureSpeaks: true},
	{name: "text/plain", body: "good", header: map[string]string{"Content-Type": "text/plain"}, success: unreadable, failureSpeaks: true},
	{name: "a content type that can't be read", body: "good", header: map[string]string{"Content-Type": "json;;="}, success: unreadable, failureSpeaks: true},
	{name: "no content type", body: "good", header: map[string]string{"Content-Type": ""}, success: fine, failureSpeaks: true},
	{name: "charset", body: "good", header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, success: fine, successKeeps: true, failureKeeps: true, failureSpeaks: true},
	{name: "another case", body: "good", header: map[string]string{"Content-Type": "Application/JSON"}, success: fine, successKeeps: true, failureKeeps: true, failureSpeaks: true},
	{name: "problem+json", body: "good", header: map[string]string{"Content-Type": "application/problem+json"}, success: fine, failureSpeaks: true},
	{name: "vnd+json", body: "good", header: map[string]string{"Content-Type": "application/vnd.m3ter.v1+json; charset=utf-8"}, success: fine, failureSpeaks: true},
	{name: "shorter than announced", body: "good", header: map[string]string{"Content-Length": "5000"}, then: abort, success: lost},
	{name: "cut within a chunk", body: "good", then: abort, success: lost},
	{name: "nothing of what was announced", header: map[string]string{"Content-Length": "9"}, then: abort, success: lost},
	{name: "endless", body: "good", then: stream, success: unreadable},
}

// eachBroken answers each call with each broken response, and tests the error. The test also gets the body.
func eachBroken(t *testing.T, status int, good func(call) string, test func(*testing.T, brokenAnswer, call, string, error)) {
	for _, broken := range brokenAnswers {
		for _, call := range calls {
			t.Run(fmt.Sprintf("%s/%d/%s", broken.name, status, call.name), func(t *testing.T) {
				t.Parallel()
				keeps := broken.failureKeeps
				if status == 200 {
					keeps = broken.successKeeps
				}
				body := strings.ReplaceAll(broken.body, "good", good(call))
				service := newService(t, answer{status, broken.header, body, !keeps, broken.then})
				test(t, broken, call, body, call.do(t.Context(), service.client(t, m3teraccess.WithMaxResponseBytes(64<<10))))
				if n := len(service.requests()); n != 1 {
					t.Errorf("it was sent %d times", n)
				}
			})
		}
	}
}

func TestBrokenSuccess(t *testing.T) {
	eachBroken(t, 200, func(call call) string { return call.good }, checkBrokenSuccess)
}

func checkBrokenSuccess(t *testing.T, broken brokenAnswer, call call, body string, err error) {
	want := broken.success
	if want == fine {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if got := errors.Is(err, m3teraccess.ErrOutcomeUnknown); got != call.write {
		t.Errorf("matches ErrOutcomeUnknown: %t, is a write: %t: %v", got, call.write, err)
	}
	if errors.As(err, new(*m3teraccess.Error)) {
		t.Errorf("200 is taken for a failure: %v", err)
	}
	var unreadableAnswer *m3teraccess.DecodeError
	isUnreadable := errors.As(err, &unreadableAnswer)
	if isUnreadable != (want == unreadable) || errors.Is(err, io.ErrUnexpectedEOF) != (want == lost) {
		t.Fatalf("got %T %v, want %s", err, err, want)
	}
	if !isUnreadable {
		return
	}
	if unreadableAnswer.StatusCode != 200 || unreadableAnswer.Method == "" || unreadableAnswer.Path == "" {
		t.Errorf("got %+v", unreadableAnswer)
	}
	checkPrefix(t, unreadableAnswer.Body, body)
	checkText(t, err)
}

// maxErrorBody and maxErrorText bound what an error keeps and what it says.
const (
	maxErrorBody = 8 << 10
	maxErrorText = 1 << 10
)

func checkPrefix(t *testing.T, kept []byte, body string) {
	t.Helper()
	if len(kept) > maxErrorBody {
		t.Errorf("the error keeps %d bytes", len(kept))
	}
	if !strings.HasPrefix(string(kept), body[:min(len(body), maxErrorBody)]) {
		t.Errorf("the error keeps %.100q, want %.100q", kept, body)
	}
}

// checkText looks at the text of an error. The text about an unknown outcome comes on top of the bound.
func checkText(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); len(text) > maxErrorText+500 || strings.ContainsAny(text, "\n\r\x1b\x00") {
		t.Errorf("%d bytes: %.2000q", len(text), text)
	}
}

func TestBrokenFailure(t *testing.T) {
	message := func(call) string { return `{"message":"no way"}` }
	for _, status := range []int{400, 500} {
		eachBroken(t, status, message, func(t *testing.T, broken brokenAnswer, call call, body string, err error) {
			var failure *m3teraccess.Error
			if !errors.As(err, &failure) || failure.StatusCode != status {
				t.Fatalf("got %T %v, want an Error of status %d", err, err, status)
			}
			isBad, isServer := errors.Is(err, m3teraccess.ErrBadRequest), errors.Is(err, m3teraccess.ErrServer)
			if isBad != (status == 400) || isServer != (status == 500) {
				t.Errorf("%v matches the wrong one", err)
			}
			if got, want := errors.Is(err, m3teraccess.ErrOutcomeUnknown), call.write && status == 500; got != want {
				t.Errorf("matches ErrOutcomeUnknown: %t, want %t: %v", got, want, err)
			}
			if broken.failureSpeaks && failure.Message != "no way" {
				t.Errorf("message %q", failure.Message)
			}
			checkPrefix(t, failure.Body, body)
			checkText(t, err)
		})
	}
}

// The client reads an endless response up to the bound, and no further.
func TestLittleIsReadOfAnEndlessAnswer(t *testing.T) {
	for _, status := range []int{200, 400, 500} {
		for _, call := range calls {
			var read int64
			base := transportFunc(func(*http.Request) (*http.Response, error) {
				header := http.Header{"Content-Type": {"application/json"}, breaksContract: {"true"}}
				return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(&counted{&read})}, nil
			})
			err := call.do(t.Context(), newLocalClient(t, base, m3teraccess.WithMaxResponseBytes(1000)))
			if err == nil || read > 1001 {
				t.Errorf("%s, %d: %d bytes were read: %v", call.name, status, read, err)
			}
		}
	}
}

// counted is an endless body that counts the bytes read.
type counted struct{ n *int64 }

func (c *counted) Read(p []byte) (int, error) {
	*c.n += int64(len(p))
	return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The bound is the largest size that the client reads.
func TestBoundOfAnAnswer(t *testing.T) {
	const body = `{"data":[],"nextToken":""}`
	for size, want := range map[int64]bool{int64(len(body)): true, int64(len(body)) - 1: false, 1: false} {
		// The client doesn't read a larger response to its end, so the test can't hold it against the document.
		a := answer{status: 200, body: body, breaks: !want}
		client := newLocalClient(t, viaHandler{a}, m3teraccess.WithMaxResponseBytes(size))
		if err := read(t, client); (err == nil) != want {
			t.Errorf("%d bytes of %d: %v", size, len(body), err)
		}
	}
}

// WithTimeout ends a response that never begins, and a response that stops.
func TestAnswerThatStandsStill(t *testing.T) {
	for _, begins := range []bool{true, false} {
		for _, call := range calls {
			synctest.Test(t, func(t *testing.T) {
				base := transportFunc(func(req *http.Request) (*http.Response, error) {
					if !begins {
						<-req.Context().Done()
						return nil, req.Context().Err()
					}
					return &http.Response{
						StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
						Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"id":`), untilDone{req})),
					}, nil
				})
				began := time.Now()
				err := call.do(t.Context(), newLocalClient(t, base, m3teraccess.WithTimeout(3*time.Second)))
				if took := time.Since(began); err == nil || took != 3*time.Second {
					t.Errorf("%s: took %v: %v", call.name, took, err)
				}
				if got := errors.Is(err, m3teraccess.ErrOutcomeUnknown); got != call.write {
					t.Errorf("%s: matches ErrOutcomeUnknown: %t: %v", call.name, got, err)
				}
			})
		}
	}
}

// untilDone reads nothing until the request ends.
type untilDone struct{ req *http.Request }

func (u untilDone) Read([]byte) (int, error) {
	<-u.req.Context().Done()
	return 0, u.req.Context().Err()
}

package m3teraccess

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A response matches the given errors, and no others.
func TestErrorIs(t *testing.T) {
	sentinels := []error{
		ErrBadRequest, ErrUnauthorized, ErrForbidden, ErrNotFound, ErrConflict, ErrVersionConflict, ErrRateLimited, ErrServer,
		ErrOutcomeUnknown, ErrRepeatedToken,
	}
	for _, tt := range []struct {
		err Error
		is  []error
	}{
		{Error{StatusCode: 302}, nil},
		{Error{StatusCode: 400}, []error{ErrBadRequest}},
		{Error{StatusCode: 400, versioned: true}, []error{ErrBadRequest}},
		{Error{StatusCode: 400, versioned: true, refusesVersion: true}, []error{ErrBadRequest, ErrVersionConflict}},
		{Error{StatusCode: 400, refusesVersion: true}, []error{ErrBadRequest}},
		{Error{StatusCode: 401}, []error{ErrUnauthorized}},
		{Error{StatusCode: 403}, []error{ErrForbidden}},
		{Error{StatusCode: 404, versioned: true}, []error{ErrNotFound}},
		{Error{StatusCode: 409, refusesVersion: true}, []error{ErrConflict}}, // the conflict has another reason
		{Error{StatusCode: 409, versioned: true, refusesVersion: true}, []error{ErrConflict, ErrVersionConflict}},
		{Error{StatusCode: 412, versioned: true, refusesVersion: true}, []error{ErrVersionConflict}},
		{Error{StatusCode: 429}, []error{ErrRateLimited}},
		{Error{StatusCode: 500}, []error{ErrServer}},
		{Error{StatusCode: 599}, []error{ErrServer}},
		{Error{StatusCode: 600}, nil},
	} {
		for _, sentinel := range sentinels {
			if got := errors.Is(fmt.Errorf("around: %w", &tt.err), sentinel); got != slices.Contains(tt.is, sentinel) {
				t.Errorf("%#v: is %v: %v", tt.err, sentinel, got)
			}
		}
	}
}

func TestRefusesVersion(t *testing.T) {
	for message, want := range map[string]bool{
		"Version mismatch.": true, "Version 3 is not the current one": true, "INVALID VERSION": true, "the version is missing": true,
		"expected version 4, got 3": true, "stale versions": true,
		"": false, "The name is missing.": false, "Date conversion failed.": false, "Unsupported API version": false,
		"Invalid API version": false, "This version of the service can't do that": false,
	} {
		if got := refusesVersion(400, message); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}

// A refusal of the version is recognized even if the error omits its message. The message of an error is printable.
func TestErrorOfAMessage(t *testing.T) {
	c := &call{op: &gen.RequestSupport.Operation, vault: newVault("t"), versioned: true}
	a := &answer{Response: &http.Response{StatusCode: 400}, body: []byte(`{"message":"the version is not current"}`)}
	err := newError(c, a)
	if !errors.Is(err, ErrVersionConflict) || err.Message != leftOut || string(err.Body) != leftOut {
		t.Errorf("%v, message %q, body %q", err, err.Message, err.Body)
	}
	a.body = []byte(`{"message":"\u001b[2Jx"}`)
	c.vault = nil
	if err := newError(c, a); err.Message != `\x1b[2Jx` {
		t.Errorf("message %q", err.Message)
	}
}

func TestErrorTextIsShortAndSafe(t *testing.T) {
	err := &Error{
		StatusCode: 418, Method: "PUT", Path: "/organizations/{orgId}/support", RequestID: "id\r\n1", RetryAfter: time.Second,
		Message: "first\nsecond \x1b[2J" + strings.Repeat("long ", 1000), Body: []byte("not in the text"),
	}
	const want = `m3teraccess: PUT /organizations/{orgId}/support: 418 I'm a teapot (request id id\r\n1) (retry after 1s): first\nsecond \x1b[2Jlong`
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
		if !strings.HasPrefix(text, want) || len(text) > 1<<10 {
			t.Errorf("%d bytes: %s", len(text), text)
		}
	}
	if text := fmt.Sprintf("%#v", err); len(text) > 2<<10 || strings.Contains(text, "not in the text") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

// Neither the error nor the log shows a part of a secret at the end of a truncated request id.
func TestRequestIDIsCutLast(t *testing.T) {
	c := &call{op: &gen.RequestSupport.Operation, token: "the-token"}
	id := strings.Repeat("x", maxRequestID-8) + "the-token"
	a := &answer{Response: &http.Response{StatusCode: 500, Header: http.Header{"X-Request-Id": {id}}}}
	attrs := c.attrs(outcome{answer: a}, 0)
	for _, shown := range []string{newError(c, a).RequestID, attrs[len(attrs)-1].Value.String()} {
		if shown != leftOut {
			t.Errorf("%d bytes, ending in %q", len(shown), shown[max(0, len(shown)-12):])
		}
	}
}

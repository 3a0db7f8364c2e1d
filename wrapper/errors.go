package m3teraccess

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The error of a call may match these errors. Use errors.Is to test for them.
var (
	ErrBadRequest     = errors.New("m3teraccess: bad request")         // 400
	ErrUnauthorized   = errors.New("m3teraccess: unauthorized")        // 401
	ErrForbidden      = errors.New("m3teraccess: forbidden")           // 403
	ErrNotFound       = errors.New("m3teraccess: not found")           // 404
	ErrConflict       = errors.New("m3teraccess: conflict")            // 409
	ErrRateLimited    = errors.New("m3teraccess: rate limited")        // 429
	ErrServer         = errors.New("m3teraccess: server error")        // 500 to 599
	ErrOutcomeUnknown = errors.New("m3teraccess: outcome unknown")     // it is unknown whether m3ter carried out the write
	ErrRepeatedToken  = errors.New("m3teraccess: repeated page token") // m3ter returned the same page token twice

	// ErrVersionConflict means that the version in the request is not current. m3ter does not document a status for
	// this case. If the request had a version, three errors match ErrVersionConflict: a 409, which also matches
	// [ErrConflict]; a 412; and a 400 whose message contains "version" (but not "API version") and a word such as
	// "current", "stale" or "mismatch". If the request had no version, a 409 matches only [ErrConflict]: the request
	// may have needed a version or, for [Client.AddPermissionPolicyToUser], the user may already have the policy.
	ErrVersionConflict = errors.New("m3teraccess: version conflict")
)

// An Error reports a response from m3ter that is not a success. Use errors.Is to compare it with [ErrNotFound] and the
// other errors above.
//
// In an error of [Get], [List] or [Send], Path has {orgId} in place of the id of the organization, and contains all
// other segments, escaped.
type Error struct {
	StatusCode int           // of the response
	Message    string        // from m3ter, printable, up to 8 KiB; may be empty
	Method     string        // of the request
	Path       string        // of the request, with {names} in place of ids
	RequestID  string        // m3ter's id for the request; may be empty
	RetryAfter time.Duration // how long m3ter asks the client to wait; 0 if it does not ask
	Body       []byte        // the first 8 KiB of the response body; empty if it is not text

	versioned      bool // the request had a version
	refusesVersion bool // the response refuses the version, or the lack of a version
}

// newError makes the error for a response.
func newError(c *call, a *answer) *Error {
	redact, message := c.redactor(), messageOf(a.body)
	return &Error{
		StatusCode:     a.StatusCode,
		Message:        redact.text(message, maxErrorBody),
		Method:         c.op.Method,
		Path:           c.op.Path,
		RequestID:      redact.requestID(a.Header),
		RetryAfter:     retryAfter(a.Header, time.Now()),
		Body:           redact.body(a.body),
		versioned:      c.versioned,
		refusesVersion: refusesVersion(a.StatusCode, message),
	}
}

// Error returns the request, the status, the request id, the delay that m3ter asks for and the message, in at most 1
// KiB.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "m3teraccess: %s %s: %s", e.Method, e.Path, status(e.StatusCode))
	switch e.StatusCode {
	case 301, 302, 303, 307, 308:
		b.WriteString(" (redirects are not followed)")
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", printable(e.RequestID))
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (retry after %v)", e.RetryAfter)
	}
	if e.Message != "" && e.Message != http.StatusText(e.StatusCode) {
		fmt.Fprintf(&b, ": %s", printable(e.Message))
	}
	return shorten(b.String(), maxErrorText)
}

// GoString returns the type and the text of the error. Otherwise, %#v would print the whole body.
func (e *Error) GoString() string { return fmt.Sprintf("&m3teraccess.Error{%q}", e.Error()) }

// Is reports whether target is the error for the status. For [ErrVersionConflict], see its comment.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrBadRequest:
		return e.StatusCode == http.StatusBadRequest
	case ErrUnauthorized:
		return e.StatusCode == http.StatusUnauthorized
	case ErrForbidden:
		return e.StatusCode == http.StatusForbidden
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound
	case ErrVersionConflict:
		return e.versioned && e.refusesVersion
	case ErrConflict:
		return e.StatusCode == http.StatusConflict
	case ErrRateLimited:
		return e.StatusCode == http.StatusTooManyRequests
	case ErrServer:
		return e.StatusCode/100 == 5
	}
	return false
}

// refusesVersion reports whether a response refuses the version of the request, or the lack of a version.
func refusesVersion(status int, message string) bool {
	switch status {
	case http.StatusConflict, http.StatusPreconditionFailed:
		return true
	case http.StatusBadRequest:
		words := strings.FieldsFunc(strings.ToLower(message), func(r rune) bool { return !unicode.IsLetter(r) })
		at := slices.IndexFunc(words, func(word string) bool { return word == "version" || word == "versions" })
		isAPI := at > 0 && words[at-1] == "api"
		return at >= 0 && !isAPI && slices.ContainsFunc(words, func(word string) bool { return slices.Contains(wordsOfConflict, word) })
	}
	return false
}

var wordsOfConflict = strings.Fields("stale current match matches matched matching mismatch expected conflict conflicts conflicting " +
	"outdated old older latest newer changed modified incorrect wrong invalid missing required")

// A DecodeError means that m3ter reported success, but the client can't read the response, for example because it is
// too long, is not JSON, or lacks a required id. For a write, the error also matches [ErrOutcomeUnknown]: according to
// the status, m3ter carried out the write, but the result is lost.
type DecodeError struct {
	StatusCode int    // of the response
	Method     string // of the request
	Path       string // as in [Error]; for [Client.Do], the path as sent
	Body       []byte // the first 8 KiB of the response body; empty if it is not text

	err error // redacted
}

func newDecodeError(c *call, a *answer, err error) *DecodeError {
	redact := c.redactor()
	return &DecodeError{
		StatusCode: a.StatusCode,
		Method:     c.op.Method,
		Path:       c.op.Path,
		Body:       redact.body(a.body),
		err:        redact.quoted(err),
	}
}

// quoted redacts the part of an error that quotes a response.
func (r redactor) quoted(err error) error {
	if e, ok := err.(*quotingError); ok {
		return &quotingError{e.before, r.text(e.outside, maxErrorText/2), e.after}
	}
	return err
}

// Error returns the request, the status and what is wrong with the response.
func (e *DecodeError) Error() string {
	text := fmt.Sprintf("m3teraccess: %s %s: could not read the response (status %d): %s", e.Method, e.Path, e.StatusCode, e.err)
	return shorten(text, maxErrorText)
}

// GoString returns the type and the text of the error. Otherwise, %#v would print the whole body.
func (e *DecodeError) GoString() string {
	return fmt.Sprintf("&m3teraccess.DecodeError{%q}", e.Error())
}

// Unwrap returns the error that says what is wrong with the response.
func (e *DecodeError) Unwrap() error { return e.err }

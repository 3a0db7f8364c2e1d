package m3teraccess

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// What errors.Is finds in the errors of a call.
var (
	ErrBadRequest     = errors.New("m3teraccess: bad request")         // 400
	ErrUnauthorized   = errors.New("m3teraccess: unauthorized")        // 401
	ErrForbidden      = errors.New("m3teraccess: forbidden")           // 403
	ErrNotFound       = errors.New("m3teraccess: not found")           // 404
	ErrConflict       = errors.New("m3teraccess: conflict")            // 409, whatever was sent
	ErrRateLimited    = errors.New("m3teraccess: rate limited")        // 429
	ErrServer         = errors.New("m3teraccess: server error")        // 500 to 599
	ErrOutcomeUnknown = errors.New("m3teraccess: outcome unknown")     // the write may or may not have been done
	ErrRepeatedToken  = errors.New("m3teraccess: repeated page token") // the pages would never end

	// ErrVersionConflict says that the version sent is not the current one. Which status says so is not documented. It is
	// any of three, where the request carried a version: 409, which matches [ErrConflict] too; 412; or a 400 whose message
	// has the word version, other than behind the word API, and a word such as current, stale, expected or mismatch. A 409
	// to a request without a version is [ErrConflict] alone: a user has the policy already, or the version is missing.
	ErrVersionConflict = errors.New("m3teraccess: version conflict")
)

const (
	maxErrorBody = 8 << 10
	maxErrorText = 1 << 10
	maxRequestID = 256
)

// An Error is an answer of the service that is no success. Which one, errors.Is tells: see [ErrNotFound] and its
// siblings.
type Error struct {
	StatusCode int           // of the answer
	Message    string        // what the service says, printable, up to 8 KiB; may be empty
	Method     string        // of the request
	Path       string        // of the request, with {names} in place of ids
	RequestID  string        // what the service calls the request; may be empty
	RetryAfter time.Duration // how long the service asks to wait; 0 when it does not
	Body       []byte        // the first 8 KiB of the answer; empty when that is no text

	versioned      bool // the request carried a version
	refusesVersion bool // or the lack of one
}

// newError makes the error of an answer.
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

// messageOf is what the service says in the body of an error; nothing when that is something else, such as the page of a
// proxy.
func messageOf(body []byte) string {
	const longest = 64 << 10 // what is longer says more than a message
	var content struct {
		Message any `json:"message"`
	}
	if len(body) > longest || strictjson.Unmarshal(withoutMark(body), &content) != nil {
		return ""
	}
	list, isList := content.Message.([]any)
	if !isList {
		list = []any{content.Message}
	}
	var texts []string
	for _, entry := range list {
		if text, ok := entry.(string); ok {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// Error names the request, the status, the message and the request id, in at most 1 KiB.
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

// GoString is the text too: %#v would print the whole body.
func (e *Error) GoString() string { return fmt.Sprintf("&m3teraccess.Error{%q}", e.Error()) }

// Is matches the sentinel of the status, and [ErrVersionConflict] as told there.
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

// refusesVersion tells whether an answer refuses the version of the request, or the lack of one.
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

// A DecodeError is an answer that says success, and can't be read: it is too long, is no JSON, or lacks what it must
// have. For a write it matches [ErrOutcomeUnknown] too: it was done, only its answer is lost.
type DecodeError struct {
	StatusCode int    // of the answer
	Method     string // of the request
	Path       string // of the request, with {names} in place of ids; that of [Client.Do] as it was sent
	Body       []byte // the first 8 KiB of the answer

	err error // fit to be shown
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

// quoted makes what an error about an answer quotes fit to be shown.
func (r redactor) quoted(err error) error {
	if e, ok := err.(*quotingError); ok {
		return &quotingError{e.before, r.text(e.outside, maxErrorText/2), e.after}
	}
	return err
}

// Error names the request, the status and what is wrong with the answer.
func (e *DecodeError) Error() string {
	text := fmt.Sprintf("m3teraccess: %s %s: can't read the answer (status %d): %s", e.Method, e.Path, e.StatusCode, e.err)
	return shorten(text, maxErrorText)
}

// GoString is the text too: %#v would print the whole body.
func (e *DecodeError) GoString() string {
	return fmt.Sprintf("&m3teraccess.DecodeError{%q}", e.Error())
}

// Unwrap returns what is wrong with the answer.
func (e *DecodeError) Unwrap() error { return e.err }

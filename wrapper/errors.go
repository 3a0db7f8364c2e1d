package m3teraccess

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"

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

// An AuthError is a token that could not be had. The call was not carried out.
type AuthError struct {
	StatusCode int    // of the token endpoint; 0 when it gave no answer
	Code       string // the OAuth 2.0 error code, such as invalid_client; may be empty

	problem string
	err     error // nil when there is an answer
}

// refused tells whether the credentials themselves were refused, so that asking again is no use. m3ter documents 403 for
// what is unauthorized.
func (e *AuthError) refused() bool {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return true
	}
	return false
}

// Error says what happened, and what to check when the credentials were refused.
func (e *AuthError) Error() string {
	return shorten("m3teraccess: no access token: "+printable(e.problem), maxErrorText)
}

// GoString is the text too.
func (e *AuthError) GoString() string { return fmt.Sprintf("&m3teraccess.AuthError{%q}", e.Error()) }

// Unwrap returns the failure of the transport or of the token source, if that is what it was.
func (e *AuthError) Unwrap() error { return e.err }

// requestID looks where m3ter's gateways may put it; which of the headers they use is not documented.
func (r redactor) requestID(h http.Header) string {
	for _, name := range []string{"X-Request-Id", "X-Amzn-Requestid", "X-Amzn-Trace-Id", "X-Amz-Cf-Id"} {
		if id := h.Get(name); id != "" {
			return r.text(id, maxRequestID)
		}
	}
	return ""
}

// retryAfter reads both forms of the header, seconds and a date; anything else is 0. A date is measured by the clock of the
// service, where it tells its Date: the local one may be wrong.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // then it is the largest there is
		const most = int64(1<<63-1) / int64(time.Second)
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return max(at.Sub(now), 0)
}

// newAuthError makes the error of a token that the source did not give. A RetrieveError is not kept: it holds the
// request, and so the credentials. advice is what to check where the credentials were refused.
func newAuthError(err error, redact redactor, advice string) *AuthError {
	e := &AuthError{}
	if exchange := (*exchangeError)(nil); errors.As(err, &exchange) {
		e.StatusCode = exchange.status
	}
	answered := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &answered) {
		e.err, e.problem = err, err.Error() // fit to be shown
		if e.StatusCode != 0 {
			e.problem = fmt.Sprintf("the token endpoint answered %s with none: %s", status(e.StatusCode), e.problem)
		}
		return e
	}
	if answered.Response != nil {
		e.StatusCode = answered.Response.StatusCode
	}
	e.Code = redact.text(answered.ErrorCode, maxErrorText)
	e.problem = "the token endpoint answered " + status(e.StatusCode)
	message := messageOf(answered.Body) // as m3ter words its other errors
	for _, detail := range []string{answered.ErrorCode, answered.ErrorDescription, message} {
		if detail != "" {
			e.problem += ": " + redact.text(detail, maxErrorText)
		}
	}
	if e.refused() {
		e.problem += "; check " + advice
	}
	return e
}

// status names a status as servers do: 404 Not Found.
func status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

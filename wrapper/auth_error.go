package m3teraccess

import (
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
)

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

// newAuthError makes the error of a token that the source did not give. A RetrieveError is not kept: it holds the
// request, and so the credentials. statusCode is that of the token endpoint, 0 where it gave no answer; advice is what to check
// where the credentials were refused.
func newAuthError(err error, statusCode int, redact redactor, advice string) *AuthError {
	e := &AuthError{StatusCode: statusCode}
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

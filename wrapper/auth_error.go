package m3teraccess

import (
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
)

// An AuthError means that the client could not obtain an access token. m3ter did not carry out the call.
type AuthError struct {
	StatusCode int    // of the token endpoint; 0 if it did not respond, or if the token source does not report the status
	Code       string // the OAuth 2.0 error code, such as invalid_client; may be empty

	problem string
	err     error // what Unwrap returns; may be nil
}

// isRefusal reports whether the token endpoint refused the credentials. A retry would then fail too. m3ter documents
// 403 for unauthorized requests.
func (e *AuthError) isRefusal() bool {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return true
	}
	return false
}

// Error returns what happened and, if the credentials were refused, what to check.
func (e *AuthError) Error() string {
	return shorten("m3teraccess: could not obtain an access token: "+printable(e.problem), maxErrorText)
}

// GoString returns the type and the text of the error.
func (e *AuthError) GoString() string { return fmt.Sprintf("&m3teraccess.AuthError{%q}", e.Error()) }

// Unwrap returns the error of the transport or of the token source, or the error that says why the access token can't
// be used. It returns nil if the token endpoint returned an OAuth 2.0 error or an error status.
func (e *AuthError) Unwrap() error { return e.err }

// newAuthError returns the error for a failure to obtain an access token. It does not keep a RetrieveError, which holds
// the request and so the credentials. statusCode is the status of the token endpoint, or 0 if the endpoint did not
// respond or only a RetrieveError has the status. advice says what to check if the credentials were refused.
func newAuthError(err error, statusCode int, redact redactor, advice string) *AuthError {
	e := &AuthError{StatusCode: statusCode}
	refusal := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &refusal) {
		e.err, e.problem = err, err.Error() // redacted already
		if e.StatusCode != 0 {
			e.problem = fmt.Sprintf("the token endpoint returned %s, but no usable access token: %s", status(e.StatusCode), e.problem)
		}
		return e
	}
	if refusal.Response != nil {
		e.StatusCode = refusal.Response.StatusCode
	}
	e.Code = redact.text(refusal.ErrorCode, maxErrorText)
	e.problem = "the token endpoint returned an error"
	if e.StatusCode != 0 {
		e.problem = "the token endpoint returned " + status(e.StatusCode)
	}
	message := messageOf(refusal.Body) // m3ter may use the format of its other errors
	for _, detail := range []string{refusal.ErrorCode, refusal.ErrorDescription, message} {
		if detail != "" {
			e.problem += ": " + redact.text(detail, maxErrorText)
		}
	}
	if e.isRefusal() {
		e.problem += "; check " + advice
	}
	return e
}

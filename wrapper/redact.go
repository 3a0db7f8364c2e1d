package m3teraccess

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
)

const redacted = "[redacted]"

// A redactor holds the secrets that no error may show, also where the service echoes them.
type redactor []string

// text replaces every secret, in each spelling that an echo may have.
func (r redactor) text(s string) string {
	for _, secret := range r {
		if secret == "" {
			continue
		}
		for _, spelling := range spellings(secret) {
			s = strings.ReplaceAll(s, spelling, redacted)
		}
	}
	return s
}

// spellings of a secret: as it is, in JSON of several makers, in a query, and in a path.
func spellings(secret string) []string {
	html, _ := json.Marshal(secret)
	inJSON := strconv.Quote(secret)
	ascii := strconv.QuoteToASCII(secret)
	return []string{
		secret,
		unquote(string(html)), unquote(inJSON), unquote(ascii), strings.ReplaceAll(unquote(inJSON), "/", `\/`),
		url.QueryEscape(secret), url.PathEscape(secret),
	}
}

// unquote removes the quotes, and no more.
func unquote(s string) string { return s[1 : len(s)-1] }

// body returns the part of a body that an error keeps. It is cut last: a secret cut in half would not be found.
func (r redactor) body(body []byte) []byte {
	clean := r.text(string(body))
	return []byte(clean[:min(len(clean), maxErrorBody)])
}

// error returns err if its text shows no secret. Else only the text is kept, and whether a context ended: the errors
// inside would still show the secret.
func (r redactor) error(err error) error {
	if err == nil {
		return nil
	}
	text := r.text(err.Error())
	if text == err.Error() {
		return err
	}
	clean := &redactedError{text: text}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			clean.ended = ended
		}
	}
	return clean
}

type redactedError struct {
	text  string
	ended error // nil, or that of a context
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.ended }

// printable escapes what could rewrite a terminal or forge a log line.
func printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(unquote(strconv.QuoteRune(r)))
		}
	}
	return b.String()
}

// shorten cuts s to at most n bytes.
func shorten(s string, n int) string {
	const more = "..."
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-len(more)], "") + more
}

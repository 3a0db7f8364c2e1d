package m3teraccess

import (
	"context"
	"errors"
	"html"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

const redacted = "[redacted]"

// A redactor holds the secrets that no error may show, also where the service echoes them.
type redactor []string

// text replaces every secret, however an echo spells it: as it is, or with some of its characters escaped as in JSON, in
// a URL or in HTML.
func (r redactor) text(s string) string {
	var b strings.Builder
	done := 0 // up to where s is in b
	for i := 0; i < len(s); i++ {
		for _, secret := range r {
			if n := spelledAt(s[i:], secret); n > 0 {
				b.WriteString(s[done:i])
				b.WriteString(redacted)
				i += n - 1
				done = i + 1
				break
			}
		}
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// spelledAt is the length of the spelling of a secret with which s begins; 0 when it begins with none.
func spelledAt(s, secret string) int {
	n := 0
	for rest := secret; rest != ""; {
		if n == len(s) {
			return 0
		}
		if char, length := unescape(s[n:]); length > 0 && strings.HasPrefix(rest, char) {
			rest = rest[len(char):]
			n += length
		} else if s[n] == rest[0] || s[n] == '+' && rest[0] == ' ' {
			rest = rest[1:]
			n++
		} else {
			return 0
		}
	}
	return n
}

// unescape returns the character that an escape at the beginning of s stands for, and the length of the escape; 0 when
// there is none.
func unescape(s string) (char string, length int) {
	switch {
	case len(s) >= 6 && s[0] == '\\' && s[1] == 'u':
		if code, err := strconv.ParseUint(s[2:6], 16, 16); err == nil {
			return string(rune(code)), 6
		}
	case len(s) >= 2 && s[0] == '\\':
		return s[1:2], 2
	case len(s) >= 3 && s[0] == '%':
		if code, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return string([]byte{byte(code)}), 3
		}
	case s[0] == '&':
		const longest = len("&#x10ffff;")
		entity, _, found := strings.Cut(s[:min(len(s), longest)], ";")
		if char := html.UnescapeString(entity + ";"); found && char != entity+";" {
			return char, len(entity) + 1
		}
	}
	return "", 0
}

// body returns the part of a body that an error keeps. It is cut last: a secret cut in half would not be found.
func (r redactor) body(body []byte) []byte {
	clean := r.text(string(body))
	return []byte(clean[:min(len(clean), maxErrorBody)])
}

// error returns err if its text is fit to be shown. Else only the text is kept, made fit, and whether time ended it: the
// errors inside would still show what they show.
func (r redactor) error(err error) error {
	text := err.Error()
	fit := printable(shorten(r.text(text), maxErrorText))
	if fit == text {
		return err
	}
	clean := &redactedError{text: fit}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded} {
		if errors.Is(err, ended) {
			clean.ended = ended
		}
	}
	return clean
}

type redactedError struct {
	text  string
	ended error // nil, or that of a context or a timeout
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.ended }

// printable escapes what could rewrite a terminal or forge a log line.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
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

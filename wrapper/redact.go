package m3teraccess

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	// leftOut replaces outside text for which hides returns true.
	leftOut = "[omitted: the text may contain a secret]"

	// runLength is the number of consecutive characters of a secret that no text may show. No text may show all of a
	// shorter secret.
	runLength = 12
	// shortestEncoded is the length of the shortest base64 or hex text that is searched for: a shorter text could occur
	// by chance.
	shortestEncoded = 6
	// redactMargin is how many bytes after the shown text are searched too: the shown text may end inside a secret.
	redactMargin = 1 << 10

	// An error keeps at most maxErrorBody bytes of a response body or of the message in it, and shows at most
	// maxErrorText bytes of any other outside text.
	maxErrorBody = 8 << 10
	maxErrorText = 1 << 10
)

// A vault keeps the secrets of a client: the given ones, and the last few access tokens.
type vault struct {
	given []*secret

	mu     sync.Mutex
	tokens []*secret
}

func newVault(given ...string) *vault {
	v := &vault{}
	for _, text := range given {
		v.given = append(v.given, newSecret(text))
	}
	return v
}

// redactor returns a redactor for the vault's secrets and for the given tokens. A nil vault has no secrets.
func (v *vault) redactor(tokens ...string) redactor {
	if v == nil {
		v = &vault{}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	r := slices.Clone(v.given)
	for _, token := range tokens {
		if token != "" { // a token request has none
			r = append(r, v.token(token))
		}
	}
	for _, token := range v.tokens {
		if !slices.Contains(r, token) {
			r = append(r, token)
		}
	}
	return r
}

// keep adds an access token to the vault, because a later error may show it.
func (v *vault) keep(token string) {
	if v != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.token(token)
	}
}

// token returns the secret for an access token. The vault keeps the last few of these secrets, because listing their
// runs is costly. The lock must be held.
func (v *vault) token(text string) *secret {
	const most = 4
	if i := slices.IndexFunc(v.tokens, func(s *secret) bool { return s.text == text }); i >= 0 {
		return v.tokens[i]
	}
	if len(v.tokens) == most {
		v.tokens = v.tokens[1:]
	}
	added := newSecret(text)
	v.tokens = append(slices.Clip(v.tokens), added)
	return added
}

// A secret computes its runs, the texts to search for, when they are first needed.
type secret struct {
	text string
	runs func() *runs
}

func newSecret(text string) *secret {
	return &secret{text, sync.OnceValue(func() *runs { return runsOf(text) })}
}

// runs is a set of strings, most of the same length, that are searched for together.
type runs struct {
	set     map[string]struct{}
	lengths []int
}

// runsOf lists the runs of a secret in several forms: unchanged, with its own escapes undone, with a plus for each
// space, in base64, and in hex.
func runsOf(text string) *runs {
	r := &runs{set: make(map[string]struct{})}
	if text == "" {
		return r
	}
	undo(text, func(stage string) bool {
		// The search ignores spaces, and a query spells a space as a plus. Short runs could occur by chance.
		spaces := strings.Count(stage, " ")
		r.add(stage, max(runLength-spaces, shortestEncoded), 1)
		if spaces > 0 {
			r.add(strings.ReplaceAll(stage, " ", "+"), runLength, 1)
		}
		return false
	})
	// 12 characters encode to at least 15 characters of base64 at any offset, and to 24 of hex. So it is enough to search
	// for some of the encoded runs.
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00"[:before] + text))
		r.addEncoded(encoded[(before*8+5)/6:(before+len(text))*8/6], 15-runLength+1)
	}
	r.addEncoded(hex.EncodeToString([]byte(text)), runLength)
	return r
}

func (r *runs) addEncoded(encoded string, step int) {
	if len(encoded) >= shortestEncoded {
		r.add(encoded, runLength, step)
	}
}

// add adds runs of the given length: one at every step-th byte of the text.
func (r *runs) add(text string, length, step int) {
	text = fold(text)
	length = min(length, len(text))
	if length == 0 {
		return
	}
	for i := 0; i+length <= len(text); i += step {
		r.set[text[i:i+length]] = struct{}{}
	}
	if !slices.Contains(r.lengths, length) {
		r.lengths = append(r.lengths, length)
	}
}

// in reports whether a folded text contains a run.
func (r *runs) in(text string) bool {
	for _, length := range r.lengths {
		for i := 0; i+length <= len(text); i++ {
			if _, found := r.set[text[i:i+length]]; found {
				return true
			}
		}
	}
	return false
}

// fold returns the same text for spellings that differ only in case, spaces, invisible characters or the alphabet of
// base64.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i, char := range s {
		switch {
		case char == '-':
			b.WriteByte('+')
		case char == '_':
			b.WriteByte('/')
		case char == utf8.RuneError && s[i] >= utf8.RuneSelf && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			b.WriteRune(rune(s[i])) // a byte of Latin-1
		case unicode.IsSpace(char) || unicode.IsControl(char) || unicode.Is(unicode.Cf, char):
		default:
			b.WriteRune(unicode.ToLower(char))
		}
	}
	return b.String()
}

// A redactor holds the secrets that outside text must not show. Outside text comes from m3ter, a proxy, a transport, a
// token source or a limiter. Such text is shown, perhaps shortened, or left out as a whole. The redactor does not
// search the client's own text.
type redactor []*secret

// hides reports whether text shows a run of a secret in a spelling that the client recognizes. It also returns true for
// text whose escapes are nested too deeply.
func (r redactor) hides(s string) bool {
	if len(r) == 0 {
		return false
	}
	return undo(s, func(stage string) bool {
		stage = fold(stage)
		return slices.ContainsFunc(r, func(s *secret) bool { return s.runs().in(stage) })
	})
}

// text returns outside text that may be shown, in at most the given number of bytes.
func (r redactor) text(s string, most int) string {
	s = s[:min(len(s), most+redactMargin)]
	if r.hides(s) {
		return leftOut
	}
	return shorten(printable(s), most)
}

// body returns the part of a response body that an error keeps: nothing if the body is not text, for example if it is
// compressed.
func (r redactor) body(body []byte) []byte {
	body = body[:min(len(body), maxErrorBody+redactMargin)]
	kept := body[:min(len(body), maxErrorBody)]
	for range utf8.UTFMax - 1 { // the last character may be incomplete
		if char, size := utf8.DecodeLastRune(kept); char == utf8.RuneError && size == 1 {
			kept = kept[:len(kept)-1]
		}
	}
	switch {
	case !utf8.Valid(kept):
		return nil
	case r.hides(string(body)):
		return []byte(leftOut)
	}
	return slices.Clone(kept)
}

// error returns an outside error with text that may be shown.
func (r redactor) error(err error) error {
	if err == context.Canceled || err == context.DeadlineExceeded {
		return err // from the standard library
	}
	return &outsideError{
		text: r.text(withoutURL(err), maxErrorText),
		fit:  r.isFit(err),
		err:  func() error { return err },
	}
}

// isFit reports whether each text in the tree of an error may be shown unchanged.
func (r redactor) isFit(err error) bool {
	text := err.Error()
	if text != withoutURL(err) || text != r.text(text, maxErrorText) {
		return false
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		return err.Unwrap() == nil || r.isFit(err.Unwrap())
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(err.Unwrap(), func(err error) bool { return err != nil && !r.isFit(err) })
	}
	return true
}

// An outsideError is an outside error with redacted text. errors.Is and errors.As search its whole tree. Unwrap returns
// the error only if the whole tree may be shown. A function holds the error, since fmt prints nested fields.
type outsideError struct {
	text string
	fit  bool
	err  func() error
}

func (e *outsideError) Error() string        { return e.text }
func (e *outsideError) GoString() string     { return e.text }
func (e *outsideError) Is(target error) bool { return errors.Is(e.err(), target) }
func (e *outsideError) As(target any) bool   { return errors.As(e.err(), target) }

func (e *outsideError) Unwrap() error {
	if !e.fit {
		return nil
	}
	return e.err()
}

// withoutURL returns the text of an error without the additions of each url.Error in it: the URL contains ids, and the
// wrapping error names the operation.
func withoutURL(err error) string {
	text := err.Error()
	for _, e := range urlErrors(err) {
		if e.Err != nil {
			text = strings.ReplaceAll(text, e.Error(), e.Err.Error())
		}
	}
	return text
}

// urlErrors returns each url.Error in the tree of an error, outer errors first.
func urlErrors(err error) (found []*url.Error) {
	if e, ok := err.(*url.Error); ok {
		found = append(found, e)
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		return append(found, urlErrors(err.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, err := range err.Unwrap() {
			found = append(found, urlErrors(err)...)
		}
	}
	return found
}

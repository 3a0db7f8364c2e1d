package m3teraccess

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"
)

// spellers are the ways in which a response may spell text. They can be nested.
var spellers = []func(string) string{
	func(s string) string { return s },
	strings.ToUpper,
	inJSON,
	url.QueryEscape,
	url.PathEscape,
	html.EscapeString,
	func(s string) string { return each([]byte(s), "%%%02X") },
	func(s string) string { return each([]byte(s), `\x%02x`) },
	func(s string) string { return each([]byte(s), `\%03o`) },
	func(s string) string { return each([]byte(s), "=%02X") },
	func(s string) string { return each([]rune(s), "&#%d;") },
	func(s string) string { return each([]rune(s), "&#x%X;") },
	func(s string) string { return each([]rune(s), `\u%04x`) },
	func(s string) string { return each([]rune(s), `\u{%x}`) },
	func(s string) string { return folded(s, "=\r\n") },
	func(s string) string { return folded(s, "\r\n ") },
}

// encoders are the innermost spellers.
var encoders = []func(string) string{
	func(s string) string { return s },
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("x" + s)) },
	func(s string) string { return base64.URLEncoding.EncodeToString([]byte("xy" + s)) },
	func(s string) string { return hex.EncodeToString([]byte(s)) },
}

func inJSON(s string) string {
	quoted, _ := json.Marshal(s)
	return string(quoted[1 : len(quoted)-1])
}

func each[Char byte | rune](chars []Char, format string) string {
	var b strings.Builder
	for _, char := range chars {
		fmt.Fprintf(&b, format, char)
	}
	return b.String()
}

func folded(s, by string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if i%10 == 9 {
			b.WriteString(by)
		}
	}
	return b.String()
}

// Spellings may be nested: a fold may stand inside an escape or another fold, and an escape may spell a fold.
func TestRedactorFindsEverySpelling(t *testing.T) {
	const upper, fold = 1, 14 // in spellers
	const folded = "eyJ0b2tlbg.access+token/=="
	for _, secret := range []string{`s/e"c&r<é t+%`, folded, "abcdefgh%41ijkl", "hunter2"} {
		redact := newVault("", "another-secret").redactor(secret)
		for e, encode := range encoders {
			for i, inner := range spellers {
				for j, middle := range spellers {
					for k, outer := range spellers {
						if i == upper && max(e, k) > 0 || j == upper || k == upper {
							continue // in another case, an escape or an encoding is another text
						}
						if k > 0 && (secret != folded || max(i, j, k) < fold) {
							continue // three spellings only with a fold, and in one secret, since they are many
						}
						echo := "before " + outer(middle(inner(encode(secret)))) + " after"
						if got := redact.text(echo, maxErrorBody); got != leftOut && len(echo) <= maxErrorBody {
							t.Errorf("encoder %d, spellers %d in %d in %d: %q is shown", e, i, j, k, got)
						}
					}
				}
			}
		}
		if got := redact.text("nothing to hide", 100); got != "nothing to hide" {
			t.Errorf("got %q", got)
		}
	}
}

// The redactor hides 12 characters of a secret, and shows 11 of them.
func TestRedactorFindsParts(t *testing.T) {
	const secret = "0123456789abcdefghijklmnopqrstuvwxyz"
	redact := newVault(secret).redactor()
	for from := 0; from+12 <= len(secret); from++ {
		if got := redact.text("<"+secret[from:from+11]+">", 100); got == leftOut {
			t.Errorf("11 from %d are hidden", from)
		}
		for _, encode := range encoders {
			if got := redact.text("<"+encode(secret[from:from+12])+">", 100); got != leftOut {
				t.Errorf("12 from %d: %q", from, got)
			}
		}
	}
}

func TestRedactorOfBodies(t *testing.T) {
	redact := newVault("hunter2").redactor("0123456789abcdefghijklmnopqrstuvwxyz")
	for name, test := range map[string]struct{ body, want string }{
		"short secret across the end": {strings.Repeat("x", maxErrorBody-6) + "hunter2", leftOut},
		"cut secret":                  {`{"token":"0123456789abcde`, leftOut},
		"cut character":               {"caf\xc3", "caf"},
		"long":                        {strings.Repeat("x", 10<<20), strings.Repeat("x", maxErrorBody)},
		"compressed":                  {"\x1f\x8b\x08\x00hunter2", ""},
		"nested too deep":             {strings.Repeat("%25", 100), strings.Repeat("%25", 100)},
		"nested deeper":               {"%" + strings.Repeat("25", 100), leftOut},
	} {
		if got := string(redact.body([]byte(test.body))); got != test.want {
			t.Errorf("%s: %.50q, of %d bytes", name, got, len(got))
		}
	}
}

// The redactor replaces the text of an error that shows a secret. The error still matches all that it wraps.
func TestRedactorKeepsTheChain(t *testing.T) {
	own := errors.New("own")
	broken := &url.Error{Op: "Get", URL: "https://m3ter.test/organizations/id", Err: io.ErrUnexpectedEOF}
	redact := newVault("the-token").redactor()
	for _, test := range []struct {
		err  error
		text string
		is   []error
	}{
		{fmt.Errorf("sending the-token: %w", context.Canceled), leftOut, []error{context.Canceled}},
		{fmt.Errorf("sending: %w", own), "sending: own", []error{own}},
		{errors.Join(broken, own), `unexpected EOF\nown`, []error{broken, io.ErrUnexpectedEOF, own}},
		{fmt.Errorf("around %w and %w", broken, own), "around unexpected EOF and own", []error{broken, own}},
	} {
		err := redact.error(test.err)
		if err.Error() != test.text || errors.As(err, new(*url.Error)) != errors.As(test.err, new(*url.Error)) {
			t.Errorf("got %q, want %q", err, test.text)
		}
		for _, is := range test.is {
			if !errors.Is(err, is) {
				t.Errorf("%v does not match %v", err, is)
			}
		}
		if inner := errors.Unwrap(err); inner != nil && (strings.Contains(inner.Error(), "the-token") || strings.Contains(inner.Error(), "https:")) {
			t.Errorf("%v unwraps to %v", err, inner)
		}
	}
}

// The redactor hides each 12 characters of a secret, in every spelling.
func FuzzRedactor(f *testing.F) {
	f.Add("eyJ0b2tlbg.access+token/==", []byte{2, 3}, uint(0), uint(0), uint(1000))
	f.Add("0123456789abcdefghijkl", []byte{7, 14, 5}, uint(1), uint(3), uint(40))
	f.Add("ABCDEFGHIJKLMNOPQRSTUVWXYZ", []byte{15, 9, 12}, uint(4), uint(30), uint(200))
	f.Add("WWWWWWWWWWWWW", []byte{7, 14, 14}, uint(1), uint(0), uint(1000))
	f.Add("000000000000", []byte{9, 15, 3}, uint(2), uint(0), uint(200))
	f.Add("000000000000", []byte{12, 15, 14}, uint(0), uint(0), uint(200))
	f.Fuzz(func(t *testing.T, secret string, nest []byte, encoder, from, to uint) {
		const chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/"
		clean := strings.Map(func(r rune) rune { return rune(chars[int(uint32(r))%len(chars)]) }, secret)
		if len(clean) < runLength || len(clean) > 200 || len(nest) > 3 {
			return
		}
		// The part is from the middle of the secret, between other text.
		first := int(from % uint(len(clean)-runLength+1))
		last := first + runLength + int(to%uint(len(clean)-first-runLength+1))
		echo := encoders[encoder%uint(len(encoders))](clean[first:last])
		for _, n := range nest {
			if n%uint8(len(spellers)) != 1 {
				echo = spellers[int(n)%len(spellers)](echo)
			}
		}
		echo += "<%" // an incomplete escape
		if len(echo) > maxErrorBody {
			return
		}
		for _, shown := range []string{newVault(clean).redactor().text(echo, maxErrorBody), string(newVault().redactor(clean).body([]byte(echo)))} {
			if shown != leftOut {
				t.Errorf("%q, by %v of %q, is shown", shown, nest, clean[first:last])
			}
		}
	})
}

// The cost is linear in the length of the access token and of the body. A busy machine can't slow down all five runs.
func TestRedactorIsLinear(t *testing.T) {
	for _, part := range []string{"x", "&", `\`, "%", "=", "&amp;", "ab"} {
		cost := func(n int) time.Duration {
			token, body := strings.Repeat(part, n/len(part)), strings.Repeat(part+"y", n/len(part))
			start := time.Now()
			newVault().redactor(token).hides(body)
			return time.Since(start)
		}
		small, large := time.Duration(0), time.Hour
		for range 5 {
			small, large = max(small, cost(1<<15)), min(large, cost(1<<17))
		}
		if large > 8*small {
			t.Errorf("%q: %v, of four times the length %v", part, small, large)
		}
	}
}

// The vault keeps the last four access tokens. A token request has none.
func TestVaultKeepsTokens(t *testing.T) {
	v := newVault("given")
	tokens := []string{"first-access-token", "second-access-token", "third-access-token", "fourth-access-token"}
	for _, token := range tokens {
		v.keep(token)
	}
	v.redactor("")
	for _, token := range tokens {
		if !v.redactor().hides(token) {
			t.Errorf("the vault lost %s", token)
		}
	}
}

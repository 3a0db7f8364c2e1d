package m3teraccess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// Every spelling in which a service or a transport may echo a secret.
func TestRedactorFindsEverySpelling(t *testing.T) {
	const secret = `s/e"c&r<é t+%`
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	const otherJSON, asciiJSON, phpJSON = `s/e\"c&r<é t+%`, `s/e\"c&r<\u00e9 t+%`, `s\/e\"c&r<é t+%`
	const gson, lowerURL, inHTML = `s/e\"c\u0026r\u003cé t+%`, `s%2fe%22c%26r%3c%c3%a9+t%2b%25`, `s/e&#34;c&amp;r&lt;&eacute; t&#x2b;%`
	redact := redactor{"", "the-token", secret}
	for _, echo := range []string{gson, lowerURL, inHTML, `\u0074he-token`, secret, string(quoted), otherJSON, asciiJSON, phpJSON, url.QueryEscape(secret), url.PathEscape(secret), "the-token"} {
		echo = strings.Trim(echo, `"`)
		if got := redact.text("before " + echo + " after"); got != "before [redacted] after" {
			t.Errorf("text of %q is %q", echo, got)
		}
	}
	if got := redact.text("nothing to hide"); got != "nothing to hide" {
		t.Errorf("text changed what holds no secret: %q", got)
	}
}

// A secret across the end of what is kept would show its first half.
func TestRedactorCutsBodiesLast(t *testing.T) {
	redact := redactor{"the-token"}
	body := redact.body([]byte(strings.Repeat("x", maxErrorBody-4) + "the-token"))
	if len(body) != maxErrorBody || strings.Contains(string(body), "the-") {
		t.Errorf("%d bytes, ending in %q", len(body), body[len(body)-10:])
	}
}

func TestRedactorKeepsWhatContextsSay(t *testing.T) {
	redact := redactor{"the-token"}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		err := redact.error(fmt.Errorf("sending the-token: %w", ended))
		if !errors.Is(err, ended) || strings.Contains(err.Error(), "the-token") {
			t.Errorf("%v: is %v: %v", err, ended, errors.Is(err, ended))
		}
	}
	inner := errors.New("the-token")
	if err := redact.error(fmt.Errorf("sending: %w", inner)); errors.Is(err, inner) {
		t.Errorf("%v still holds the error that shows the token", err)
	}
	if err := redact.error(inner); err.Error() != redacted {
		t.Errorf("got %v", err)
	}
}

func TestPrintable(t *testing.T) {
	tests := map[string]string{
		"plain, é and 漢":         "plain, é and 漢",
		"a\nb\tc":                `a\nb\tc`,
		"\x1b[31mred":            `\x1b[31mred`,
		"\u202eevil":             `\u202eevil`, // would turn the rest of the line around
		`quotes "stay" as is \ `: `quotes "stay" as is \ `,
	}
	for in, want := range tests {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShortenCutsBetweenCharacters(t *testing.T) {
	for n := 10; n < 16; n++ {
		got := shorten(strings.Repeat("漢", 20), n)
		if len(got) > n || strings.ContainsRune(got, '\uFFFD') || !strings.HasSuffix(got, "...") {
			t.Errorf("shorten to %d: %q, of %d bytes", n, got, len(got))
		}
	}
	if got := shorten("short", 5); got != "short" {
		t.Errorf("got %q", got)
	}
}

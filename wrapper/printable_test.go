package m3teraccess

import (
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain, é and 漢":         "plain, é and 漢",
		"a\nb\tc":                `a\nb\tc`,
		"\x1b[31mred":            `\x1b[31mred`,
		"\u202eevil":             `\u202eevil`, // it would reverse the rest of the line
		`quotes "stay" as is \ `: `quotes "stay" as is \ `,
	} {
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

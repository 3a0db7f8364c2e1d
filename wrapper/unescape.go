package m3teraccess

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// maxUndone is how many times escapes are undone. No ordinary text of 8 KiB needs more.
const maxUndone = 16

// undoing begins with unfold, because an encoder may have folded (broken) a line inside an escape, and the part before
// the fold may look like a whole escape.
var undoing = []func(string) string{unfold, unpercent, unfold, unslash, unfold, html.UnescapeString}

// undo calls look with a text, and with each stage of the text as its escapes are undone, kind by kind, until nothing
// changes. It returns true as soon as look does, and for a text whose escapes are nested too deeply.
func undo(s string, look func(stage string) bool) bool {
	if look(s) {
		return true
	}
	for range maxUndone {
		before := s
		for _, unescape := range undoing {
			if next := unescape(s); next != s {
				s = next
				if look(s) {
					return true
				}
			}
		}
		if s == before {
			return false
		}
	}
	return true
}

// folds matches one or more line breaks and the characters around them in text with folded lines. If folds are nested,
// one may split another.
var folds = regexp.MustCompile(`[=\r\n\t ]*\n[=\r\n\t ]*(?:[[:xdigit:]]{2})?`)

// unfold joins lines that were folded, and undoes quoted-printable: =3D.
func unfold(s string) string {
	if strings.Contains(s, "\n") {
		s = folds.ReplaceAllStringFunc(s, joinLines)
	}
	return unbyte(s, '=')
}

// joinLines returns the rest of a fold: the equal signs that belong to no line break, and the digits.
func joinLines(fold string) string {
	digits := strings.TrimLeft(fold, "=\r\n\t ")
	breaks := strings.TrimSuffix(fold, digits)
	signs, bare := 0, 0
	for i := range len(breaks) {
		switch breaks[i] {
		case '=':
			signs++
		case '\n':
			// A break with a space after it is the fold of a header. An equal sign before such a break may begin an escape,
			// unless the space belongs to an earlier break.
			spaced := i+1 < len(breaks) && strings.IndexByte("\t ", breaks[i+1]) >= 0
			switch {
			case signs == 0 && !spaced:
				bare++
			case signs > 0 && (digits == "" || !spaced || bare > 0):
				signs--
			}
		}
	}
	return strings.Repeat("=", signs) + digits
}

// unpercent undoes the escapes of a URL: %3D, and JavaScript's %u003D.
func unpercent(s string) string {
	s = replaceAt(spaceAfterLine.Replace(s), '%', func(rest string) (string, int) {
		if code, ok := parseDigits(rest, 2, 4, 16); ok && rest[1] == 'u' {
			return string(rune(code)), 6
		}
		return "", 0
	})
	return unbyte(s, '%')
}

// spaceAfterLine turns a plus after a line break into a space, as in a query with folded lines.
var spaceAfterLine = strings.NewReplacer("%0A+", "%0A ", "%0a+", "%0a ", "%5Cn+", "%5Cn ", "%5cn+", "%5cn ")

// unbyte undoes escapes that consist of a sign and two hex digits.
func unbyte(s string, sign byte) string {
	return replaceAt(s, sign, func(rest string) (string, int) {
		if code, ok := parseDigits(rest, 1, 2, 16); ok {
			return string([]byte{byte(code)}), 3
		}
		return "", 0
	})
}

// unslash undoes backslash escapes: those of JSON, \x3d, octal \075, \u{3d}, and \U0000003d.
func unslash(s string) string {
	return replaceAt(s, '\\', func(rest string) (string, int) {
		if len(rest) < 2 {
			return "", 0
		}
		switch rest[1] {
		case 'x':
			if code, ok := parseDigits(rest, 2, 2, 16); ok {
				return string([]byte{byte(code)}), 4
			}
		case 'U':
			if code, ok := parseDigits(rest, 2, 8, 16); ok {
				return string(rune(code)), 10
			}
		case 'u':
			return unicodeEscape(rest)
		case '0', '1', '2', '3', '4', '5', '6', '7':
			for digits := 3; digits > 0; digits-- {
				if code, ok := parseDigits(rest, 1, digits, 8); ok && code < 256 {
					return string([]byte{byte(code)}), 1 + digits
				}
			}
		case 'n':
			return "\n", 2
		case 'r':
			return "\r", 2
		case 't', 'b', 'f', 'v', 'a':
			return " ", 2 // the search ignores them, like a space
		}
		return rest[1:2], 2
	})
}

func unicodeEscape(rest string) (string, int) {
	if code, ok := parseDigits(rest, 2, 4, 16); ok {
		if utf16.IsSurrogate(rune(code)) && len(rest) >= 12 && rest[6:8] == `\u` {
			if low, ok := parseDigits(rest, 8, 4, 16); ok {
				return string(utf16.DecodeRune(rune(code), rune(low))), 12
			}
		}
		return string(rune(code)), 6
	}
	const longest = len(`\u{10ffff}`)
	if end := strings.IndexByte(rest[:min(len(rest), longest)], '}'); end > 3 && rest[2] == '{' {
		if code, ok := parseDigits(rest, 3, end-3, 16); ok {
			return string(rune(code)), end + 1
		}
	}
	return rest[1:2], 2
}

// replaceAt replaces each escape that begins with sign. undo gets the text from the sign on, and returns the character
// and the length of the escape; 0 if there is none.
func replaceAt(s string, sign byte, undo func(rest string) (char string, length int)) string {
	if strings.IndexByte(s, sign) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == sign {
			if char, length := undo(s[i:]); length > 0 {
				b.WriteString(char)
				i += length
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// parseDigits parses the given number of digits at a position.
func parseDigits(s string, at, digits, base int) (code uint64, ok bool) {
	if len(s) < at+digits {
		return 0, false
	}
	code, err := strconv.ParseUint(s[at:at+digits], base, 32)
	return code, err == nil
}

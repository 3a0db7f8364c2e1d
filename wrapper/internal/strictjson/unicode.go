//go:build !go1.27 || !goexperiment.jsonv2

package strictjson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// isUnicode reports whether both the bytes and the escaped surrogates of a body are valid Unicode.
func isUnicode(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	for rest := body; ; {
		at := bytes.IndexByte(rest, '\\')
		if at < 0 {
			return true
		}
		rest = rest[at:]
		length := min(2, len(rest))
		if first := codeUnit(rest); utf16.IsSurrogate(first) {
			if length = len(`\ud83d\ude00`); utf16.DecodeRune(first, codeUnit(rest[length/2:])) == utf8.RuneError {
				return false
			}
		}
		rest = rest[length:]
	}
}

// codeUnit returns the code unit of the escape \uXXXX at the beginning of s, or 0 if s does not begin with one.
func codeUnit(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0
	}
	unit, _ := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(unit)
}

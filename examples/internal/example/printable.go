package example

import (
	"strconv"
	"strings"
)

// Printable escapes characters that could break a line or control the terminal, because text in m3ter may contain them.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) && r != '\\' {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

package main

import (
	"slices"
	"strings"
	"testing"
)

// A file from Windows may begin with a byte order mark.
func TestByteOrderMark(t *testing.T) {
	const mark = "\ufeff"
	for input, want := range map[string][]user{
		mark + "a\nb\n":    {{line: 1, id: "a"}, {line: 2, id: "b"}},
		mark + " a\r\n":    {{line: 1, id: "a"}},
		mark + "# team\nb": {{line: 2, id: "b"}},
		mark + "\nb":       {{line: 2, id: "b"}},
		mark:               nil,
		"a\n" + mark + "b": {{line: 1, id: "a"}, {line: 2, id: mark + "b"}}, // here, the mark is a part of the id
	} {
		if got := slices.Collect(readUsers(strings.NewReader(input))); !slices.Equal(got, want) {
			t.Errorf("%q has the users %+v, want %+v", input, got, want)
		}
	}
}

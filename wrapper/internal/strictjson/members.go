//go:build !go1.27 || !goexperiment.jsonv2

package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// maxLevels is one more than the depth that encoding/json accepts.
const maxLevels = 10_001

// checkMembers returns an error if an object has a member twice, or if a date-time does not follow RFC 3339. Otherwise
// it returns the body for encoding/json: the names that differ from field names only in case are blanked, and the
// date-times have a form that encoding/json accepts.
//
// checkMembers leaves text that is not JSON to encoding/json, which refuses it.
func checkMembers(body []byte, root *shape) ([]byte, error) {
	levels := append(make([]level, 0, 8), level{next: root}) // levels and names are local, so that they stay on the stack
	names := make([][]byte, 0, 32)                           // of the members of all open objects
	clean := copyOnWrite{body: body}
	for i := 0; i < len(body); i++ {
		top := &levels[len(levels)-1]
		switch c := body[i]; c {
		case '{', '[':
			if len(levels) == maxLevels {
				return body, nil
			}
			isObject := c == '{'
			levels = append(levels, level{top.next, top.next.inner(), len(names), isObject, isObject})
		case ',':
			top.atName = top.isObject
		case '"':
			end := endOfString(body, i)
			if end < 0 {
				return body, nil
			}
			if top.atName {
				name := unquote(body[i:end])
				names = append(names, name)
				if isMisread := top.begin(name); isMisread {
					clean.blank(i+1, end-1)
				}
			} else if top.next != nil && top.next.isTime && !isUsualTime(body[i+1:end-1]) {
				if err := clean.normalizeTime(i, end); err != nil {
					return nil, err
				}
			}
			i = end - 1
		case '}', ']':
			if twice := repeated(names[top.names:]); twice != nil {
				return nil, fmt.Errorf("an object has the member %q twice", twice)
			}
			names = names[:top.names]
			if levels = levels[:len(levels)-1]; len(levels) == 0 {
				return body, nil
			}
		}
	}
	return clean.body, nil
}

// A level is an open object or array. The lowest level is the body itself.
type level struct {
	of       *shape // shape of this object or array; nil for the body
	next     *shape // shape of the next value in this object, array or body
	names    int    // where the names of this level begin in the names of all levels
	isObject bool
	atName   bool // whether the next string is a name
}

// begin begins a member. It reports whether encoding/json would mistake the name for the name of a field.
func (l *level) begin(name []byte) (isMisread bool) {
	l.atName = false
	var known bool
	l.next, known = l.of.member(name)
	return !known && l.of.folds(name)
}

// A copyOnWrite is a body that is copied before the first change.
type copyOnWrite struct {
	body   []byte
	isCopy bool
}

// blank overwrites a name with commas. No field has such a name, because a name in a struct tag can't contain a comma.
func (c *copyOnWrite) blank(start, end int) {
	c.replace(start, end, bytes.Repeat([]byte(","), end-start))
}

// normalizeTime converts a quoted date-time to a form that encoding/json accepts.
func (c *copyOnWrite) normalizeTime(start, end int) error {
	quoted := c.body[start:end]
	normal, ok := dateTime(string(unquote(quoted)))
	if !ok {
		return fmt.Errorf("%s is not an RFC 3339 date-time", quoted)
	}
	c.replace(start, end, fmt.Appendf(nil, "%-*s", len(quoted), `"`+normal+`"`))
	return nil
}

// replace overwrites a part of the body with the same number of bytes.
func (c *copyOnWrite) replace(start, end int, by []byte) {
	if !c.isCopy {
		c.body, c.isCopy = bytes.Clone(c.body), true
	}
	copy(c.body[start:end], by)
}

// endOfString returns the index after the string that begins at start, or -1 if the string has no end.
func endOfString(body []byte, start int) int {
	for end := start + 1; ; {
		n := bytes.IndexByte(body[end:], '"')
		if n < 0 {
			return -1
		}
		end += n + 1
		text := body[start+1 : end-1]
		if backslashes := len(text) - len(bytes.TrimRight(text, `\`)); backslashes%2 == 0 {
			return end
		}
	}
}

func unquote(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var name string
	_ = json.Unmarshal(quoted, &name)
	return []byte(name)
}

// repeated returns a name that occurs twice in names, or nil. It may sort names.
func repeated(names [][]byte) []byte {
	const many = 16
	if len(names) > many {
		slices.SortFunc(names, bytes.Compare)
	}
	for i, name := range names {
		others := names[i+1:]
		if len(names) > many {
			others = others[:min(1, len(others))]
		}
		for _, other := range others {
			if bytes.Equal(name, other) {
				return name
			}
		}
	}
	return nil
}

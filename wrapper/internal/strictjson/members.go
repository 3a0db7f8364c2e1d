//go:build !go1.27 || !goexperiment.jsonv2

package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// maxLevels is one more than encoding/json reads.
const maxLevels = 10_001

// checkMembers reports a member that stands twice and a date-time that RFC 3339 does not allow. It returns the body for
// encoding/json to read: without the names that differ from ours in case only, and with date-times in the form that
// encoding/json knows.
//
// Text that is not JSON is left to encoding/json, which refuses it.
func checkMembers(body []byte, root *shape) ([]byte, error) {
	levels := append(make([]level, 0, 8), level{next: root}) // local, as names is, so that they stay on the stack
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
				return nil, fmt.Errorf("the member %q stands twice in an object", twice)
			}
			names = names[:top.names]
			if levels = levels[:len(levels)-1]; len(levels) == 0 {
				return body, nil
			}
		}
	}
	return clean.body, nil
}

// A level is an object or a list that is open. The lowest is the body itself.
type level struct {
	of       *shape // of the value that the level is decoded into
	next     *shape // of the value that its next value is decoded into
	names    int    // index of its first name in the names of all levels
	isObject bool
	atName   bool // the next string is a name
}

// begin begins a member. It tells whether encoding/json would take the name for the name of a field, but it is not.
func (l *level) begin(name []byte) (isMisread bool) {
	l.atName = false
	var known bool
	l.next, known = l.of.member(name)
	return !known && l.of.folds(name)
}

// A copyOnWrite is a body whose original stays as it is.
type copyOnWrite struct {
	body   []byte
	isCopy bool
}

// blank overwrites a name by one that no field has: no tag holds a comma in its name.
func (c *copyOnWrite) blank(start, end int) {
	c.replace(start, end, bytes.Repeat([]byte(","), end-start))
}

// normalizeTime brings a quoted date-time into the form that encoding/json knows.
func (c *copyOnWrite) normalizeTime(start, end int) error {
	quoted := c.body[start:end]
	normal, ok := dateTime(string(unquote(quoted)))
	if !ok {
		return fmt.Errorf("%s is no date-time of RFC 3339", quoted)
	}
	c.replace(start, end, fmt.Appendf(nil, "%-*s", len(quoted), `"`+normal+`"`))
	return nil
}

// replace overwrites a part by as many bytes.
func (c *copyOnWrite) replace(start, end int, by []byte) {
	if !c.isCopy {
		c.body, c.isCopy = bytes.Clone(c.body), true
	}
	copy(c.body[start:end], by)
}

// endOfString is the index behind the string that begins at start; -1 when it has no end.
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

// repeated returns a name that is among the names twice. It may sort them.
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

//go:build !go1.27 || !goexperiment.jsonv2

package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// A level is an object or a list that is open.
type level struct {
	of       *shape // what it is decoded into
	next     *shape // what its next value is decoded into
	names    int    // where its names begin, among those of all levels
	isObject bool
	atName   bool // the next string is a name
}

// maxLevels is one more than encoding/json reads.
const maxLevels = 10_001

// checkMembers reports a member that stands twice and a date-time that RFC 3339 does not allow. It returns the body that
// encoding/json is to read: in it, names that differ from ours in case only are no longer there, and date-times are in the
// form that encoding/json knows.
//
// What is not JSON is left to encoding/json, which refuses it.
func checkMembers(body []byte, root *shape) ([]byte, error) {
	levels := append(make([]level, 0, 8), level{next: root})
	names := make([][]byte, 0, 32)
	var clean []byte // nil: it is the body
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
			switch {
			case top.atName:
				top.atName = false
				name := unquote(body[i:end])
				names = append(names, name)
				var known bool
				if top.next, known = top.of.member(name); !known && top.of.folds(name) {
					clean = cloneOnce(clean, body)
					blank(clean[i+1 : end-1])
				}
			case top.next != nil && top.next.isTime && !isUsualTime(body[i+1:end-1]):
				normal, ok := dateTime(string(unquote(body[i:end])))
				if !ok {
					return nil, fmt.Errorf("%s is no date-time of RFC 3339", body[i:end])
				}
				clean = cloneOnce(clean, body)
				copy(clean[i:end], bytes.Repeat([]byte(" "), end-i))
				copy(clean[i:end], `"`+normal+`"`)
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
	if clean == nil {
		return body, nil
	}
	return clean, nil
}

func cloneOnce(clean, body []byte) []byte {
	if clean == nil {
		return bytes.Clone(body)
	}
	return clean
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

// blank overwrites a name by one that no field has: no tag holds a comma in its name.
func blank(name []byte) {
	for i := range name {
		name[i] = ','
	}
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

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
	p := pass{body: body, levels: append(make([]level, 0, 8), level{next: root}), names: make([][]byte, 0, 32)}
	for i := 0; i < len(body); i++ {
		var err error
		switch c := body[i]; c {
		case '{', '[':
			if len(p.levels) == maxLevels {
				return body, nil
			}
			p.open(c == '{')
		case ',':
			top := p.top()
			top.atName = top.isObject
		case '"':
			end := endOfString(body, i)
			if end < 0 {
				return body, nil
			}
			err = p.text(i, end)
			i = end - 1
		case '}', ']':
			if len(p.levels) == 1 {
				return body, nil
			}
			err = p.close()
		}
		if err != nil {
			return nil, err
		}
	}
	if p.clean == nil {
		return body, nil
	}
	return p.clean, nil
}

// A pass goes over the text of a body once.
type pass struct {
	body   []byte
	clean  []byte // a changed copy; nil if nothing had to change
	levels []level
	names  [][]byte // of the members of all open objects
}

// A level is an object or a list that is open. The lowest is the body itself.
type level struct {
	of       *shape // of the value that the level is decoded into
	next     *shape // of the value that its next value is decoded into
	names    int    // index of its first name in the names of the pass
	isObject bool
	atName   bool // the next string is a name
}

func (p *pass) top() *level { return &p.levels[len(p.levels)-1] }

func (p *pass) open(isObject bool) {
	of := p.top().next
	p.levels = append(p.levels, level{of, of.inner(), len(p.names), isObject, isObject})
}

func (p *pass) close() error {
	first := p.top().names
	if twice := repeated(p.names[first:]); twice != nil {
		return fmt.Errorf("the member %q stands twice in an object", twice)
	}
	p.names = p.names[:first]
	p.levels = p.levels[:len(p.levels)-1]
	return nil
}

// text checks the string from start to end, a name or a value.
func (p *pass) text(start, end int) error {
	switch top := p.top(); {
	case top.atName:
		top.atName = false
		p.name(top, start, end)
	case top.next != nil && top.next.isTime && !isUsualTime(p.body[start+1:end-1]):
		return p.time(start, end)
	}
	return nil
}

// name notes the name of a member. A name that encoding/json would take for a field's, but is not, is overwritten by one
// that no field has: no tag holds a comma in its name.
func (p *pass) name(top *level, start, end int) {
	name := unquote(p.body[start:end])
	p.names = append(p.names, name)
	var known bool
	if top.next, known = top.of.member(name); !known && top.of.folds(name) {
		p.replace(start+1, end-1, bytes.Repeat([]byte(","), end-start-2))
	}
}

func (p *pass) time(start, end int) error {
	quoted := p.body[start:end]
	normal, ok := dateTime(string(unquote(quoted)))
	if !ok {
		return fmt.Errorf("%s is no date-time of RFC 3339", quoted)
	}
	p.replace(start, end, fmt.Appendf(nil, "%-*s", len(quoted), `"`+normal+`"`))
	return nil
}

// replace overwrites a part of the copy by as many bytes.
func (p *pass) replace(start, end int, by []byte) {
	if p.clean == nil {
		p.clean = bytes.Clone(p.body)
	}
	copy(p.clean[start:end], by)
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

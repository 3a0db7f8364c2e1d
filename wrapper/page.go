package m3teraccess

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A page is a part of a list.
type page[T any] struct {
	Data      []T    `json:"data"`
	NextToken string `json:"nextToken"`
}

// unmarshal reads any of three shapes: the page itself, a bare list, or one entry. m3ter documents one entry as the
// response to UserPermissions and describes a list; its other lists are pages. Each try decodes the whole body, so a look
// at the names in it comes first; only an escaped name, which has a \u, needs the last part.
func (p *page[T]) unmarshal(body []byte) error {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		return unmarshal(body, &p.Data)
	}
	switch { // without the quote before the name, since the search for a letter is faster
	case bytes.Contains(body, []byte(`data"`)):
		if err := unmarshal(body, p); err != nil || p.Data != nil {
			return err
		}
	case bytes.Contains(body, []byte(`id"`)) && !bytes.Contains(body, []byte(`\u`)):
		p.Data = make([]T, 1)
		if _, isOurs := gen.Finish(&p.Data[0]); isOurs { // finish tells whether the id is there
			return unmarshal(body, &p.Data[0])
		}
	}
	var has struct {
		Data json.RawMessage `json:"data"`
		ID   json.RawMessage `json:"id"`
	}
	if err := unmarshal(body, &has); err != nil {
		return err
	}
	switch {
	case has.Data != nil: // null, as an empty page may say, or a name that is escaped
		return unmarshal(body, p)
	case has.ID == nil || string(has.ID) == `""` || string(has.ID) == "null":
		return errors.New("the body is neither a page, with data, nor an entry, with an id")
	}
	p.Data = make([]T, 1)
	return unmarshal(body, &p.Data[0])
}

// finish finishes the entries: see [finishAny].
func (p *page[T]) finish() (lacks string) {
	for i := range p.Data {
		if found := finishAny(&p.Data[i]); found != "" {
			return fmt.Sprintf("data[%d].%s", i, found)
		}
	}
	return ""
}

// walk walks over the entries of a list, a page at a time, from the page of a token on.
func walk[T any](op *gen.Operation, token string, fetch func(token string) (*page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		token := token // each loop begins anew
		seen := newTokenSet(token)
		for {
			page, err := fetch(token)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, entry := range page.Data {
				if !yield(entry, nil) {
					return
				}
			}
			if page.NextToken == "" {
				return
			}
			if token = page.NextToken; !seen.add(token) {
				yield(*new(T), fmt.Errorf("%w: %s %s, after %d pages", ErrRepeatedToken, op.Method, op.Path, seen.len()))
				return
			}
		}
	}
}

// A tokenSet remembers page tokens by a hash each, so that a long list costs little.
type tokenSet struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

// newTokenSet begins with the token of the first page, which may be empty.
func newTokenSet(first string) *tokenSet {
	s := &tokenSet{maphash.MakeSeed(), make(map[uint64]struct{})}
	s.add(first)
	return s
}

// add tells whether the token is new.
func (s *tokenSet) add(token string) bool {
	hash := maphash.String(s.seed, token)
	_, ok := s.hashes[hash]
	s.hashes[hash] = struct{}{}
	return !ok
}

func (s *tokenSet) len() int { return len(s.hashes) }

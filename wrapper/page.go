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

// A page is one page of a list.
type page[T any] struct {
	Data      []T    `json:"data"`
	NextToken string `json:"nextToken"`
}

// unmarshal reads any of three shapes: the page itself, a bare list, or one entry. For the response to UserPermissions,
// m3ter's schema says one entry, and the description says a list. m3ter's other lists come in pages. Decoding twice
// would be slow, so unmarshal first searches the body for the member names. It decodes the body more than once only if
// the search is not enough, for example if a name is escaped (\u).
func (p *page[T]) unmarshal(body []byte) error {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		return unmarshal(body, &p.Data)
	}
	switch { // the patterns begin with a letter: a search for a quotation mark is slower, since JSON has many
	case bytes.Contains(body, []byte(`data"`)):
		if err := unmarshal(body, p); err != nil || p.Data != nil {
			return err
		}
	case bytes.Contains(body, []byte(`id"`)) && !bytes.Contains(body, []byte(`\u`)):
		p.Data = make([]T, 1)
		if _, isOurs := gen.Finish(&p.Data[0]); isOurs { // finish reports a missing id
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
	case has.Data != nil: // data is null, which is read as an empty page, or its name is escaped
		return unmarshal(body, p)
	case has.ID == nil || string(has.ID) == `""` || string(has.ID) == "null":
		return errors.New("the response body is neither a page with data nor an entry with an id")
	}
	p.Data = make([]T, 1)
	return unmarshal(body, &p.Data[0])
}

// finish calls finishAny for each entry.
func (p *page[T]) finish() (lacks string) {
	for i := range p.Data {
		if found := finishAny(&p.Data[i]); found != "" {
			return fmt.Sprintf("data[%d].%s", i, found)
		}
	}
	return ""
}

// walk iterates over the entries of a list, one page at a time, starting at a page token.
func walk[T any](op *gen.Operation, token string, fetch func(token string) (*page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		token := token // each loop starts from the beginning
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

// A tokenSet remembers the hashes of page tokens, so that a long list costs little memory.
type tokenSet struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

// newTokenSet returns a set that contains the page token of the first page. That page token may be empty.
func newTokenSet(first string) *tokenSet {
	s := &tokenSet{maphash.MakeSeed(), make(map[uint64]struct{})}
	s.add(first)
	return s
}

// add adds a page token, and reports whether it is new.
func (s *tokenSet) add(token string) bool {
	hash := maphash.String(s.seed, token)
	_, ok := s.hashes[hash]
	s.hashes[hash] = struct{}{}
	return !ok
}

func (s *tokenSet) len() int { return len(s.hashes) }

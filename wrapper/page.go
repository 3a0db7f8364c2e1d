package m3teraccess

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A page is a part of a list.
type page[T any] struct {
	Data      []T    `json:"data"`
	NextToken string `json:"nextToken"`
}

// unmarshal reads any of three shapes: the page itself, a bare list, or one entry. m3ter documents one entry as the answer
// to UserPermissions and describes a list; its other lists are pages. The likely shape is tried first, since each try
// decodes the whole body.
func (p *page[T]) unmarshal(body []byte) error {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		return unmarshal(body, &p.Data)
	}
	if bytes.Contains(body, []byte(`"data"`)) {
		if err := unmarshal(body, p); err != nil || p.Data != nil {
			return err
		}
	} else if entry := make([]T, 1); unmarshal(body, &entry[0]) == nil {
		if lacks, isOurs := gen.Finish(&entry[0]); isOurs && lacks == "" {
			p.Data = entry
			return nil
		}
	}
	var has struct {
		Data json.RawMessage `json:"data"`
		ID   string          `json:"id"`
	}
	if err := unmarshal(body, &has); err != nil {
		return err
	}
	switch {
	case has.Data != nil: // null, as an empty page may say, or a name that is escaped
		return unmarshal(body, p)
	case has.ID == "":
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

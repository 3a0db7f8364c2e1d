package m3tertest

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// defaultPageSize is the number of entries on a page if the request has no pageSize.
const defaultPageSize = 100

// A page is one page of a list.
type page[T any] struct {
	Data      []T    `json:"data"` // never nil, which JSON would encode as null
	NextToken string `json:"nextToken,omitempty"`
}

// pageOf returns a page of a list. The argument entries holds the entries of the list in the order of their creation;
// the page holds its entries newest first. The page token for the next page is derived from the id of the last entry on
// this page, so new entries don't shift the pages.
func pageOf[E, T any](entries []E, params gen.UserPermissionsParams, id func(E) string, answer func(E) T) (page[T], error) {
	if params.NextToken != "" {
		last := slices.IndexFunc(entries, func(e E) bool { return pageToken(id(e)) == params.NextToken })
		if last == -1 {
			return page[T]{}, invalid("nextToken", "is unknown")
		}
		entries = entries[:last]
	}
	rest := max(0, len(entries)-int(cmp.Or(params.PageSize, defaultPageSize)))
	p := page[T]{Data: []T{}} // not nil, which JSON would encode as null
	for _, entry := range slices.Backward(entries[rest:]) {
		p.Data = append(p.Data, answer(entry))
	}
	if rest > 0 {
		p.NextToken = pageToken(id(entries[rest]))
	}
	return p, nil
}

func pageToken(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// inPages returns a function that serves a list in pages. The query must have been checked before.
func inPages[T any](list func(*store, gen.UserPermissionsParams) (page[T], error)) func(handlers, http.ResponseWriter, *http.Request) {
	return func(h handlers, w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		size, _ := strconv.ParseInt(query.Get("pageSize"), 10, 32) // 0 if there is none
		h.mu.Lock()
		p, err := list(h.store, gen.UserPermissionsParams{PageSize: int32(size), NextToken: query.Get("nextToken")})
		h.mu.Unlock()
		if err != nil {
			writeError(w, err)
			return
		}
		writeJSON(w, http.StatusOK, p)
	}
}

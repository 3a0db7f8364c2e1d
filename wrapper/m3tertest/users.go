package m3tertest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// A listedUser is what the list of users has of a user: the fake knows no more.
type listedUser struct {
	ID string `json:"id"`
}

// listUsers answers a page of the users, in the order of their ids. The nextToken is the last id of the page, so that
// users added in the meantime shift nothing.
func (h handlers) listUsers(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	size, err := strconv.Atoi(cmp.Or(query.Get("pageSize"), strconv.Itoa(defaultPageSize)))
	if err != nil || size < 1 || size > 200 {
		writeError(w, refuse(http.StatusBadRequest, "pageSize must be 1 to 200"))
		return
	}
	h.mu.Lock()
	ids := slices.Sorted(maps.Keys(h.links))
	h.mu.Unlock()
	begin, found := slices.BinarySearch(ids, query.Get("nextToken"))
	if found {
		begin++
	}
	page := struct {
		Data      []listedUser `json:"data"`
		NextToken string       `json:"nextToken,omitempty"`
	}{Data: []listedUser{}}
	for _, id := range ids[begin:min(begin+size, len(ids))] {
		page.Data = append(page.Data, listedUser{id})
	}
	if begin+size < len(ids) {
		page.NextToken = ids[begin+size-1]
	}
	writeJSON(w, http.StatusOK, page)
}

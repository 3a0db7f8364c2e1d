package m3tertest

import "github.com/m3ter-access/m3ter-access-go/gen"

// A user is an entry in the list of users.
type user struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

func (s *store) userPage(params gen.UserPermissionsParams) (page[user], error) {
	return pageOf(s.userIDs, params, func(id string) string { return id }, func(id string) user { return user{id, 1} })
}

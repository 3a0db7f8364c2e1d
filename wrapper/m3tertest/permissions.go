package m3tertest

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

// The number of policies in a page when the request names none, and the largest that it may name.
const (
	defaultPageSize = 100
	maxPageSize     = 200
)

func (h handlers) UserPermissions(_ context.Context, r server.UserPermissionsRequestObject) (server.UserPermissionsResponseObject, error) {
	size := int32(defaultPageSize)
	if r.Params.PageSize != nil {
		size = *r.Params.PageSize
	}
	if size < 1 || size > maxPageSize {
		return nil, invalid("pageSize", "must be 1 to %d, not %d", maxPageSize, size)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	page, err := h.page(r.ID, int(size), r.Params.NextToken)
	if err != nil {
		return nil, err
	}
	var answer gen.UserPermissionsAnswer
	if err := answer.FromPermissionPolicyPage(page); err != nil {
		return nil, err
	}
	return server.UserPermissions200JSONResponse(answer), nil
}

// page is a page of the user's policies, the newest link first.
func (s *store) page(userID string, size int, nextToken *string) (gen.PermissionPolicyPage, error) {
	links, ok := s.links[userID]
	if !ok {
		return gen.PermissionPolicyPage{}, unknownUser(userID)
	}
	if nextToken != nil {
		last := slices.IndexFunc(links, func(l gen.PrincipalPermission) bool { return cursor(l) == *nextToken })
		if last < 0 {
			return gen.PermissionPolicyPage{}, invalid("nextToken", "is unknown")
		}
		links = links[:last]
	}
	rest := max(0, len(links)-size)
	page := gen.PermissionPolicyPage{Data: s.policiesOf(links[rest:])}
	if rest > 0 {
		page.NextToken = cursor(links[rest])
	}
	return page, nil
}

// cursor is the nextToken of a page that ends with the link. It names the link, not a number of links, so that
// links added in the meantime shift nothing.
func cursor(link gen.PrincipalPermission) string {
	return base64.RawURLEncoding.EncodeToString([]byte(link.ID))
}

// policiesOf is never nil, which JSON would have as null.
func (s *store) policiesOf(links []gen.PrincipalPermission) []gen.PermissionPolicy {
	policies := make([]gen.PermissionPolicy, 0, len(links))
	for _, link := range slices.Backward(links) {
		policies = append(policies, s.policies[link.PermissionPolicyID])
	}
	return policies
}

func unknownUser(id string) error { return refuse(http.StatusNotFound, "there is no user %q", id) }

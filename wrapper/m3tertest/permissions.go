package m3tertest

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

// defaultPageSize is the number of policies in a page when the request names none.
const defaultPageSize = 100

func (h handlers) UserPermissions(_ context.Context, r server.UserPermissionsRequestObject) (server.UserPermissionsResponseObject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	page, err := h.page(r.UserID, int(cmp.Or(r.Params.PageSize, defaultPageSize)), r.Params.NextToken)
	if err != nil {
		return nil, err
	}
	return server.UserPermissions200JSONResponse(page), nil
}

// page is a page of the user's policies, the newest link first.
func (s *store) page(userID string, size int, nextToken string) (gen.PermissionPolicyPage, error) {
	links, ok := s.links[userID]
	if !ok {
		return gen.PermissionPolicyPage{}, unknownUser(userID)
	}
	if nextToken != "" {
		last := slices.IndexFunc(links, func(l gen.PrincipalPermission) bool { return cursor(l) == nextToken })
		if last == -1 {
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

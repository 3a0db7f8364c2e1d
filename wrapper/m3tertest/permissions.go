package m3tertest

import (
	"context"
	"net/http"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

func (h handlers) UserPermissions(_ context.Context, r server.UserPermissionsRequestObject) (server.UserPermissionsResponseObject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	links, ok := h.links[r.UserID]
	if !ok {
		return nil, unknownUser(r.UserID)
	}
	p, err := pageOf(links, r.Params, linkID, h.policyOf)
	if err != nil {
		return nil, err
	}
	return server.UserPermissions200JSONResponse(p), nil
}

func linkID(link gen.PrincipalPermission) string { return link.ID }

func (s *store) policyOf(link gen.PrincipalPermission) gen.PermissionPolicy {
	return s.policies[link.PermissionPolicyID]
}

func unknownUser(id string) error { return refuse(http.StatusNotFound, "there is no user %q", id) }

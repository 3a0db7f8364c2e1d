package m3tertest

import (
	"context"
	"net/http"
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

// handlers carries out the operations of requests that the other layers have checked.
type handlers struct{ *store }

func (h handlers) CreatePermissionPolicy(_ context.Context, r server.CreatePermissionPolicyRequestObject) (server.CreatePermissionPolicyResponseObject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	policy := h.addPolicy(gen.PermissionPolicy{Name: r.Body.Name, PermissionPolicy: r.Body.PermissionPolicy})
	return server.CreatePermissionPolicy200JSONResponse(policy), nil
}

func (s *store) addPolicy(policy gen.PermissionPolicy) gen.PermissionPolicy {
	s.complete(&policy.ID, &policy.Version, &policy.CreatedAt, &policy.LastModifiedAt, &policy.CreatedBy, &policy.LastModifiedBy)
	policy.PermissionPolicy = published(policy.PermissionPolicy)
	s.policies[policy.ID] = policy
	s.policyIDs = append(s.policyIDs, policy.ID)
	return policy
}

// policyPage returns one page of the list of all policies. A client can look for a policy in the list if the response
// to the request that creates the policy was lost.
func (s *store) policyPage(params gen.UserPermissionsParams) (page[gen.PermissionPolicy], error) {
	return pageOf(s.policyIDs, params, func(id string) string { return id }, func(id string) gen.PermissionPolicy { return s.policies[id] })
}

func (h handlers) AddPermissionPolicyToUser(_ context.Context, r server.AddPermissionPolicyToUserRequestObject) (server.AddPermissionPolicyToUserResponseObject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	link, err := h.link(r.PolicyID, r.Body.PrincipalID, r.Body.Version)
	if err != nil {
		return nil, err
	}
	return server.AddPermissionPolicyToUser200JSONResponse(link), nil
}

// link adds a policy to a user. An existing link keeps its place and gets a new version.
func (s *store) link(policyID, userID string, version int64) (gen.PrincipalPermission, error) {
	if _, ok := s.policies[policyID]; !ok {
		return gen.PrincipalPermission{}, refuse(http.StatusNotFound, "there is no permission policy %q", policyID)
	}
	links, ok := s.links[userID]
	if !ok {
		return gen.PrincipalPermission{}, unknownUser(userID)
	}
	i := linkOf(links, policyID)
	if i < 0 {
		i = len(links)
		links = append(links, gen.PrincipalPermission{PermissionPolicyID: policyID, PrincipalID: userID, PrincipalType: "USER"})
	}
	link := links[i]
	var err error
	if link.Version, err = nextVersion("link between policy and user", link.Version, version); err != nil {
		return gen.PrincipalPermission{}, err
	}
	link.LastModifiedAt, link.LastModifiedBy = now(), s.serviceUser
	s.complete(&link.ID, &link.Version, &link.CreatedAt, &link.LastModifiedAt, &link.CreatedBy, &link.LastModifiedBy)
	links[i] = link
	s.links[userID] = links
	return link, nil
}

// linkOf returns the index of the link to a policy among the links of a user, or -1.
func linkOf(links []gen.PrincipalPermission, policyID string) int {
	return slices.IndexFunc(links, func(l gen.PrincipalPermission) bool { return l.PermissionPolicyID == policyID })
}

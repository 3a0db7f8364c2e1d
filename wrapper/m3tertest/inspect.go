package m3tertest

import (
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// UserPolicies returns the policies of a user in the form in which the server sends them, newest first. It panics if
// the user does not exist.
func (s *Server) UserPolicies(userID string) []gen.PermissionPolicy {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	links, ok := s.state.links[userID]
	if !ok {
		panic("m3tertest: UserPolicies: " + unknownUser(userID).Error())
	}
	policies := make([]gen.PermissionPolicy, 0, len(links))
	for _, link := range slices.Backward(links) {
		policies = append(policies, copyPolicy(s.state.policyOf(link)))
	}
	return policies
}

// Support returns the support request in the form in which the server sends it; ok is false if there is no support
// request yet. To create one, send a RequestSupport request.
func (s *Server) Support() (support gen.Support, ok bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	support = s.state.support
	support.SupportUsersPermissionPolicy = published(support.SupportUsersPermissionPolicy)
	return support, support.Version > 0
}

// ResourceGroupItems returns the items of a resource group. It panics if the group does not exist.
func (s *Server) ResourceGroupItems(resourceType, groupID string) []Item {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	group, err := s.state.group(groupKey{resourceType, groupID})
	if err != nil {
		panic("m3tertest: ResourceGroupItems: " + err.Error())
	}
	return slices.Clone(group.items)
}

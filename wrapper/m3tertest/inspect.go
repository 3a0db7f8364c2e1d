package m3tertest

import (
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// UserPolicies returns the policies of a user as the server answers them, the one that was added last first. It
// panics when there is no such user.
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

// Support returns the support request as the server answers it; ok is false when there was none yet. A test makes one
// by a call of RequestSupport.
func (s *Server) Support() (support gen.Support, ok bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	support = s.state.support
	support.SupportUsersPermissionPolicy = published(support.SupportUsersPermissionPolicy)
	return support, support.Version > 0
}

// ResourceGroupItems returns what is in a resource group. It panics when there is no such group.
func (s *Server) ResourceGroupItems(resourceType, groupID string) []Item {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	group, err := s.state.group(groupKey{resourceType, groupID})
	if err != nil {
		panic("m3tertest: ResourceGroupItems: " + err.Error())
	}
	return slices.Clone(group.items)
}

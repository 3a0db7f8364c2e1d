package m3tertest

import (
	"fmt"
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// AddUser adds a user, so that policies can be added to the user. Adding an existing user changes nothing. AddUser
// panics if the id is empty.
func (s *Server) AddUser(userID string) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if userID == "" {
		panic("m3tertest: AddUser: the user id is empty")
	}
	if _, known := s.state.links[userID]; !known {
		s.state.links[userID] = nil
		s.state.userIDs = append(s.state.userIDs, userID)
	}
}

// AddPermissionPolicy adds a policy without a request, and returns it as the server returns it. An empty ID becomes a
// random one, a zero Version becomes 1, and empty fields that say who created and changed the policy, and when, are
// filled in as if the service user had just created it. AddPermissionPolicy does not check the statements. It panics if
// a policy with this ID exists.
func (s *Server) AddPermissionPolicy(policy gen.PermissionPolicy) gen.PermissionPolicy {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if _, exists := s.state.policies[policy.ID]; exists {
		panic(fmt.Sprintf("m3tertest: AddPermissionPolicy: policy %q already exists", policy.ID))
	}
	return copyPolicy(s.state.addPolicy(policy))
}

// GrantPolicy adds a policy to a user without a request, and returns the link between them. It panics if the policy or
// the user does not exist, or if the user has the policy already.
func (s *Server) GrantPolicy(policyID, userID string) gen.PrincipalPermission {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	link, err := s.state.link(policyID, userID, 0)
	if err != nil {
		panic("m3tertest: GrantPolicy: " + err.Error())
	}
	return link
}

// AddResourceGroup adds a resource group of a type, such as "meter", with its items, and returns it as the server
// returns it. Empty fields are filled in as by [Server.AddPermissionPolicy]. AddResourceGroup panics if the type has a
// group with this ID, or if an item lacks its id or its type.
func (s *Server) AddResourceGroup(resourceType string, resourceGroup gen.ResourceGroup, items ...Item) gen.ResourceGroup {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	for _, item := range items {
		if item.TargetID == "" || !item.TargetType.Valid() {
			panic(fmt.Sprintf("m3tertest: AddResourceGroup: item %+v must have a TargetID, and a TargetType of item or group", item))
		}
	}
	g := &resourceGroup
	s.state.complete(&g.ID, &g.Version, &g.CreatedAt, &g.LastModifiedAt, &g.CreatedBy, &g.LastModifiedBy)
	key := groupKey{resourceType, g.ID}
	if _, exists := s.state.groups[key]; exists {
		panic(fmt.Sprintf("m3tertest: AddResourceGroup: group %q of type %q already exists", g.ID, resourceType))
	}
	s.state.groups[key] = group{resourceGroup, slices.Clone(items)}
	return resourceGroup
}

func copyPolicy(policy gen.PermissionPolicy) gen.PermissionPolicy {
	policy.PermissionPolicy = published(policy.PermissionPolicy)
	return policy
}

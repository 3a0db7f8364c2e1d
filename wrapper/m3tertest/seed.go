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

// AddPermissionPolicy adds a policy directly, without a request. It returns the policy in the form in which the server
// sends it. An empty ID becomes a random one, and a zero Version becomes 1. Empty fields that say who created and
// changed the policy, and when, are filled in. If all of them are empty, the policy looks as if the service user had
// just created it. AddPermissionPolicy does not check the statements. It panics if a policy with this ID exists.
func (s *Server) AddPermissionPolicy(policy gen.PermissionPolicy) gen.PermissionPolicy {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if _, exists := s.state.policies[policy.ID]; exists {
		panic(fmt.Sprintf("m3tertest: AddPermissionPolicy: policy %q already exists", policy.ID))
	}
	return copyPolicy(s.state.addPolicy(policy))
}

// GrantPolicy adds a policy to a user directly, without a request. It returns the link between the policy and the user.
// It panics if the policy or the user does not exist, or if the user already has the policy.
func (s *Server) GrantPolicy(policyID, userID string) gen.PrincipalPermission {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if linkOf(s.state.links[userID], policyID) >= 0 {
		panic(fmt.Sprintf("m3tertest: GrantPolicy: user %q already has policy %q", userID, policyID))
	}
	link, err := s.state.link(policyID, userID, 0)
	if err != nil {
		panic("m3tertest: GrantPolicy: " + err.Error())
	}
	return link
}

// AddResourceGroup adds a resource group of the given type, such as "meter", and its items. It returns the group in the
// form in which the server sends it. It fills in empty fields as [Server.AddPermissionPolicy] does. It panics if the
// type already has a group with this ID, or if an item has no TargetID or has a TargetType that is not one of the
// constants of [gen.TargetType].
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

package m3teraccess

import "github.com/m3ter-access/m3ter-access-go/gen"

// A SupportRequest asks that m3ter's support users be let in: see [Client.RequestSupport].
//
//	EndSupportUsersAccess        time.Time    required: when support access ends, of a year from 1 to 9999; sent in UTC
//	Version                      int64        the current version; 0, and so not sent, in the first request
//	SupportUsersPermissionPolicy []Statement  what support users may do; nil is not sent, an empty list is
type SupportRequest = gen.SupportRequest

// Support is the support access of an organization.
//
//	ID                           string
//	Version                      int64        1 after the first request, and 1 more after each change
//	EndSupportUsersAccess        time.Time    when support access ends
//	SupportUsersPermissionPolicy []Statement  what support users may do
type Support = gen.Support

// A PermissionPolicyRequest describes the policy to create: see [Client.CreatePermissionPolicy].
//
//	Name             string       required: 1 to 100 characters
//	PermissionPolicy []Statement  required: at least one
//	Version          int64        must be 0: the service takes no version on create
type PermissionPolicyRequest = gen.PermissionPolicyRequest

// A PermissionPolicy is a named set of statements that can be added to users. Its statements can be sent again as they
// are, whatever the spelling in which the service answered.
//
//	ID               string
//	Version          int64        1 when created, and 1 more after each change
//	Name             string
//	PermissionPolicy []Statement
//	ManagedPolicy    bool         whether m3ter manages the policy
//	CreatedAt        time.Time    zero when the service does not tell; so are the three below
//	LastModifiedAt   time.Time
//	CreatedBy        string       the id of a user
//	LastModifiedBy   string       the id of a user
type PermissionPolicy = gen.PermissionPolicy

// A PermissionPolicyPage is one page of policies: see [Client.UserPermissionsPage].
//
//	Data      []PermissionPolicy  newest first; may be empty while more pages follow
//	NextToken string              asks for the next page; empty on the last one
type PermissionPolicyPage = gen.PermissionPolicyPage

// A PrincipalPermissionRequest names the user to whom a policy is added: see [Client.AddPermissionPolicyToUser].
//
//	PrincipalID string  required: the id of the user
//	Version     int64   the current version of an existing link; 0, and so not sent, for a new one
type PrincipalPermissionRequest = gen.PrincipalPermissionRequest

// A PrincipalPermission is the link between a policy and a user.
//
//	ID                 string
//	Version            int64      1 when created, and 1 more after each change
//	PermissionPolicyID string
//	PrincipalID        string     the id of the user
//	PrincipalType      string     USER, USERGROUP, SERVICEUSER, SUPPORTUSERS, or one that is new
//	CreatedAt          time.Time  zero when the service does not tell; so are the three below
//	LastModifiedAt     time.Time
//	CreatedBy          string     the id of a user
//	LastModifiedBy     string     the id of a user
type PrincipalPermission = gen.PrincipalPermission

// A ResourceGroupItemRequest names what to take out of a resource group: see [Client.RemoveResource].
//
//	TargetID   string      required: the id of the item or of the nested group
//	TargetType TargetType  required: TargetItem or TargetGroup
//	Version    int64       the current version of the group; 0, and so not sent, to leave it unchecked
type ResourceGroupItemRequest = gen.ResourceGroupItemRequest

// A ResourceGroup is a named group of resources, to which a policy can refer as a whole.
//
//	ID             string
//	Version        int64      1 when created, and 1 more after each change
//	Name           string
//	CreatedAt      time.Time  zero when the service does not tell; so are the three below
//	LastModifiedAt time.Time
//	CreatedBy      string     the id of a user
//	LastModifiedBy string     the id of a user
type ResourceGroup = gen.ResourceGroup

// A TargetType says whether [Client.RemoveResource] removes a single item or a nested group.
//
// Sources disagree on the spelling that the service takes. The constants are lower case, as in m3ter's examples; a
// TargetType("ITEM") or TargetType("GROUP") is sent as given.
type TargetType = gen.TargetType

// What can be taken out of a resource group.
const (
	TargetItem  TargetType = gen.TargetTypeItem
	TargetGroup TargetType = gen.TargetTypeGroup
)

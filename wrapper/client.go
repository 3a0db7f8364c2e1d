package m3teraccess

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// version of this module, as the User-Agent header tells it.
const version = "0.1.0"

// A Client calls m3ter on behalf of one organization.
//
// Make one with [NewClient], and keep it: it holds the token and the connections. All of its methods may be called
// concurrently, on the client and on its [Client.Organization] children alike.
type Client struct {
	*core
	orgID string
	pace  *pace
}

// core is what a client and its Organization children share.
type core struct {
	base        *url.URL    // without a slash at its end
	readHeader  http.Header // of every request without a body; copied for each attempt, and so never changed
	writeHeader http.Header // of every request with one
	vault       *vault      // what no error or log line may show
	layers      layer
	paces       *paces
}

// NewClient makes a client of the options, and of the environment where they are silent:
//
//   - M3TER_API_KEY and M3TER_API_SECRET, the credentials of a service user, or else M3TER_API_TOKEN, a token that
//     is used as it is
//   - M3TER_ORG_ID, the organization
//   - M3TER_BASE_URL, https://api.m3ter.com when absent
//
// It sends nothing. Everything that is wrong or missing is reported at once, joined into one error, each part a
// [*ValidationError].
func NewClient(opts ...Option) (*Client, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	core := &core{
		base:        cfg.baseURL,
		readHeader:  http.Header{"Accept": {"application/json"}, "User-Agent": {cfg.agent()}},
		writeHeader: http.Header{"Accept": {"application/json"}, "User-Agent": {cfg.agent()}, "Content-Type": {"application/json"}},
		vault:       cfg.vault,
		layers:      pipeline(cfg),
		paces:       newPaces(cfg.limiterOf),
	}
	return core.client(cfg.orgID), nil
}

// client makes a client of an organization. One whose calls are all refused, for its id, needs no pace.
func (c *core) client(orgID string) *Client {
	client := &Client{core: c, orgID: orgID}
	if validatePathValue("", orgID) == nil {
		client.pace = c.paces.of(orgID)
	}
	return client
}

// Organization returns a client for another organization, with the token and the connections of this one. The rate is
// limited for each organization by itself, however often it is asked for. An id that can't be part of a path is refused
// by each call.
func (c *Client) Organization(orgID string) *Client { return c.client(orgID) }

// OrganizationID is the organization that the calls are about.
func (c *Client) OrganizationID() string { return c.orgID }

// String names the organization and the base URL; it never shows credentials.
func (c Client) String() string {
	if c.core == nil {
		return "m3teraccess.Client{}"
	}
	return fmt.Sprintf("m3teraccess.Client{organization: %q, base URL: %q}", c.orgID, c.base)
}

// GoString is [Client.String], so that %#v shows no credentials either.
func (c Client) GoString() string { return c.String() }

// RequestSupport lets m3ter's support users into the organization until request.EndSupportUsersAccess.
//
// The first request of an organization carries no version. Each later one changes the existing request, and carries
// its current version: see [RetryOnConflict].
//
// Say what support users may do each time. A nil SupportUsersPermissionPolicy is not sent, and leaves the choice to the
// service, which may let support users do everything: m3ter's console preselects the managed policy Administrator. An
// empty list is sent as such, and takes all statements away. Whether a change without a list keeps the former statements
// is not documented.
//
// m3ter's guide has access last for the remainder of the day at least. To end it early, the guide sets the end to
// tomorrow and removes the statements. Whether the service refuses an earlier end is not known: see examples/grant.
//
// Errors: [*ValidationError] for a zero end date and for a malformed statement, nothing having been sent;
// [ErrVersionConflict] when a version was given and is not the current one; [ErrOutcomeUnknown] when the request may or
// may not have been carried out; and those that every call has, see "Errors" in the package comment.
func (c *Client) RequestSupport(ctx context.Context, request SupportRequest) (*Support, error) {
	return invoke(ctx, c, &gen.RequestSupport, inUTC(request))
}

// inUTC returns the request with its time in UTC: the offset of some zones has no JSON form.
func inUTC(request SupportRequest) SupportRequest {
	request.EndSupportUsersAccess = request.EndSupportUsersAccess.UTC()
	return request
}

// CreatePermissionPolicy creates a permission policy. It allows nothing to anyone until it is added to a user, with
// [Client.AddPermissionPolicyToUser]. Names need not be unique.
//
// Errors: [*ValidationError] for a name of other than 1 to 100 characters, for no or a malformed statement, and for a
// version, nothing having been sent; [ErrOutcomeUnknown] when the policy may or may not have been created; and those
// that every call has, see "Errors" in the package comment.
func (c *Client) CreatePermissionPolicy(ctx context.Context, request PermissionPolicyRequest) (*PermissionPolicy, error) {
	return invoke(ctx, c, &gen.CreatePermissionPolicy, request)
}

// AddPermissionPolicyToUser gives the user request.PrincipalID the permissions of a policy. The version is that of an
// existing link between the two; it stays zero for a new one.
//
// What m3ter answers when the user has the policy already, and no version is given, is not documented; package m3tertest
// answers 409. That is [ErrConflict] and no ErrVersionConflict, since no version was sent: see [Client.UserPermissions]
// for what the user has.
//
// Errors: [*ValidationError] for a policy id that can't be part of a path and for an empty PrincipalID, nothing having
// been sent; [ErrNotFound] for an unknown policy or user; [ErrVersionConflict] when a version was given and is not the
// current one; [ErrOutcomeUnknown] when the policy may or may not have been added; and those that every call has, see
// "Errors" in the package comment.
func (c *Client) AddPermissionPolicyToUser(ctx context.Context, policyID string, request PrincipalPermissionRequest) (*PrincipalPermission, error) {
	return invoke(ctx, c, &gen.AddPermissionPolicyToUser, request, policyID)
}

// RemoveResource takes an item, or a nested group, out of a resource group. resourceType is the type of the group's
// resources, such as meter or plan; the version is the group's, and may be zero, which leaves it unchecked.
//
// Errors: [*ValidationError] for a type or group id that can't be part of a path, for an empty TargetID and for an
// unknown TargetType, nothing having been sent; [ErrNotFound] for an unknown group or resource; [ErrVersionConflict]
// when a version was given and is not the current one; [ErrOutcomeUnknown] when the resource may or may not have been
// removed; and those that every call has, see "Errors" in the package comment.
func (c *Client) RemoveResource(ctx context.Context, resourceType, groupID string, request ResourceGroupItemRequest) (*ResourceGroup, error) {
	return invoke(ctx, c, &gen.RemoveResource, request, resourceType, groupID)
}

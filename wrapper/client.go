package m3teraccess

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// version is the version of this module, which the client sends in the User-Agent header.
const version = "0.1.0"

// A Client calls m3ter on behalf of one organization.
//
// Make a client with [NewClient], and keep it: it holds the access token and the connections. All methods of the client
// and of its [Client.Organization] children may be called concurrently.
type Client struct {
	*core
	orgID string
	pace  *pace
}

// core is the part that a client and its Organization children share.
type core struct {
	base        *url.URL    // without a trailing slash
	readHeader  http.Header // of each request without a body; never changed, because each attempt copies it
	writeHeader http.Header // of each request with a body; never changed either
	vault       *vault      // secrets that no error or log line may show
	layers      layer
	paces       *paces
}

// NewClient returns a client with the given options. It reads any setting that the options leave out from the
// environment:
//
//   - M3TER_API_KEY and M3TER_API_SECRET: the credentials of a service user; without them, M3TER_API_TOKEN: an access
//     token, which the client sends unchanged
//   - M3TER_ORG_ID: the organization
//   - M3TER_BASE_URL: the base URL, by default https://api.m3ter.com
//
// NewClient sends nothing. It reports all settings that are wrong or missing in one joined error, each as a
// [*ValidationError].
func NewClient(opts ...Option) (*Client, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	core := &core{
		base:        cfg.baseURL,
		readHeader:  http.Header{"Accept": {"application/json"}, "User-Agent": {cfg.userAgent}},
		writeHeader: http.Header{"Accept": {"application/json"}, "User-Agent": {cfg.userAgent}, "Content-Type": {"application/json"}},
		vault:       cfg.vault,
		layers:      pipeline(cfg),
		paces:       newPaces(cfg.limiterOf),
	}
	return core.client(cfg.orgID), nil
}

// client returns a client for an organization. If the id is not valid, every call fails, and the client needs no pace.
func (c *core) client(orgID string) *Client {
	client := &Client{core: c, orgID: orgID}
	if validatePathValue("", orgID) == nil {
		client.pace = c.paces.of(orgID)
	}
	return client
}

// Organization returns a client for another organization that shares the access token and the connections of c. Each
// organization has its own rate limit, which all of its clients share. If the id can't be part of a path, each call
// fails with a [*ValidationError].
func (c *Client) Organization(orgID string) *Client { return c.client(orgID) }

// OrganizationID returns the id of the organization that the client calls.
func (c *Client) OrganizationID() string { return c.orgID }

// String returns the organization and the base URL. It never shows credentials.
func (c Client) String() string {
	if c.core == nil {
		return "m3teraccess.Client{}"
	}
	return fmt.Sprintf("m3teraccess.Client{organization: %q, base URL: %q}", c.orgID, c.base)
}

// GoString returns the same text as [Client.String], so %#v does not show credentials either.
func (c Client) GoString() string { return c.String() }

// RequestSupport gives m3ter's support users access to the organization until request.EndSupportUsersAccess.
//
// The first support request of an organization has no version. Each later call changes the existing support request,
// and must carry its current version: see [RetryOnConflict].
//
// Always set SupportUsersPermissionPolicy. The client does not send a nil list, and m3ter then chooses the statements.
// It may let support users do everything: m3ter's console preselects the managed policy Administrator. The client does
// send an empty list, which removes all statements. m3ter does not document whether a change without a list keeps the
// former statements.
//
// According to m3ter's guide, access lasts at least until the end of the day. To end it early, the guide sets the end
// to tomorrow and removes the statements. It is not known whether m3ter refuses an earlier end: see examples/grant.
//
// RequestSupport returns a [*ValidationError], and sends nothing, if the end date is zero or a statement is malformed.
// The error matches [ErrVersionConflict] if the request has a version that is not current, and [ErrOutcomeUnknown] if
// m3ter may or may not have carried out the request. "Errors" in the package comment lists the errors of all calls.
func (c *Client) RequestSupport(ctx context.Context, request SupportRequest) (*Support, error) {
	return invoke(ctx, c, &gen.RequestSupport, inUTC(request))
}

// inUTC returns the request with its time in UTC, because the offsets of some time zones have no JSON form.
func inUTC(request SupportRequest) SupportRequest {
	request.EndSupportUsersAccess = request.EndSupportUsersAccess.UTC()
	return request
}

// CreatePermissionPolicy creates a permission policy. The policy has no effect until [Client.AddPermissionPolicyToUser]
// adds it to a user. Names need not be unique.
//
// CreatePermissionPolicy returns a [*ValidationError], and sends nothing, if the name does not have 1 to 100
// characters, if there is no statement, if a statement is malformed, or if the request has a version. The error matches
// [ErrOutcomeUnknown] if m3ter may or may not have created the policy. "Errors" in the package comment lists the errors
// of all calls.
func (c *Client) CreatePermissionPolicy(ctx context.Context, request PermissionPolicyRequest) (*PermissionPolicy, error) {
	return invoke(ctx, c, &gen.CreatePermissionPolicy, request)
}

// AddPermissionPolicyToUser gives the user request.PrincipalID the permissions of a policy. Leave the version zero,
// unless the user has the policy already: then it is the version of that existing link.
//
// m3ter does not document its response if the user has the policy already and the request has no version. Package
// m3tertest returns 409, which matches [ErrConflict] and, without a version, not [ErrVersionConflict]. Use
// [Client.UserPermissions] to see the policies of the user.
//
// AddPermissionPolicyToUser returns a [*ValidationError], and sends nothing, if the policy id can't be part of a path
// or PrincipalID is empty. The error matches [ErrNotFound] if the policy or the user is unknown, [ErrVersionConflict]
// if the request has a version that is not current, and [ErrOutcomeUnknown] if m3ter may or may not have added the
// policy. "Errors" in the package comment lists the errors of all calls.
func (c *Client) AddPermissionPolicyToUser(ctx context.Context, policyID string, request PrincipalPermissionRequest) (*PrincipalPermission, error) {
	return invoke(ctx, c, &gen.AddPermissionPolicyToUser, request, policyID)
}

// RemoveResource removes an item, or a nested group, from a resource group. resourceType is the type of the group's
// resources, such as meter or plan. The version in the request is the version of the group; without a version,
// RemoveResource skips the version check.
//
// RemoveResource returns a [*ValidationError], and sends nothing, if the type or the group id can't be part of a path,
// if TargetID is empty, or if TargetType is unknown. The error matches [ErrNotFound] if the group or the resource is
// unknown, [ErrVersionConflict] if the request has a version that is not current, and [ErrOutcomeUnknown] if m3ter may
// have removed the resource. "Errors" in the package comment lists the errors of all calls.
func (c *Client) RemoveResource(ctx context.Context, resourceType, groupID string, request ResourceGroupItemRequest) (*ResourceGroup, error) {
	return invoke(ctx, c, &gen.RemoveResource, request, resourceType, groupID)
}

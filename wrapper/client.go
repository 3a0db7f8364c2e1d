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
// Make a client with [NewClient], and keep the client: it holds the access token and the state of the rate limit. All
// methods may be called concurrently.
type Client struct {
	*core
	orgID string
	pace  *pace
}

// A core is what a client shares with the clients that its Organization method returns.
type core struct {
	base        *url.URL    // without a trailing slash
	readHeader  http.Header // of each request without a body; not changed, because each attempt copies it
	writeHeader http.Header // of each request with a body; not changed either
	vault       *vault      // secrets that no error or log line may show
	layers      layer
	paces       *paces
}

// NewClient returns a client with the given options. Settings that no option sets come from the environment:
//
//   - M3TER_API_KEY and M3TER_API_SECRET: the credentials of a service user
//   - M3TER_API_TOKEN, if neither M3TER_API_KEY nor M3TER_API_SECRET is set: an access token, which the client sends
//     unchanged
//   - M3TER_ORG_ID: the organization
//   - M3TER_BASE_URL: the base URL, by default https://api.m3ter.com
//
// NewClient sends nothing. If settings are wrong or missing, it returns one error that joins a [*ValidationError]
// for each of them.
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

// client returns a client for an organization. If the id is not valid, every call fails, so the client has no pace.
func (c *core) client(orgID string) *Client {
	client := &Client{core: c, orgID: orgID}
	if validatePathValue("", orgID) == nil {
		client.pace = c.paces.of(orgID)
	}
	return client
}

// Organization returns a client for another organization. The returned client shares the access token and the
// connections of c. All clients that come from the same call to [NewClient] share one rate limit for each organization.
// If the id can't be a path segment (see [Get]), each call of the returned client fails with a [*ValidationError].
func (c *Client) Organization(orgID string) *Client {
	if c.core == nil { // a zero Client, whose calls all fail
		return &Client{}
	}
	return c.client(orgID)
}

// OrganizationID returns the id of the organization that the client calls m3ter for.
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
// m3ter keeps one support request for each organization. The first call creates the support request, and must leave
// request.Version zero. Each later call changes the support request, and must set request.Version to the current
// version of the support request: see [RetryOnConflict].
//
// Always set SupportUsersPermissionPolicy. If the list is nil, the client does not send it. In the first call, m3ter
// then chooses the statements, and may let support users do everything: its console preselects the managed policy
// Administrator. If the list is empty but not nil, the client sends it, and support users can't do anything. m3ter does
// not document whether a change without a list keeps the former statements.
//
// m3ter's guide "Granting m3ter Support Access to Organization" says that access lasts at least until the end of the
// current day, and that a user ends access early by setting the end time to the next day and removing the statements.
// m3ter does not document whether its API refuses an end time before the end of the current day: examples/grant handles
// both cases.
//
// RequestSupport returns a [*ValidationError], and sends nothing, if the end time is zero, the version is negative, or
// a statement is malformed. Its error matches [ErrVersionConflict] if the request has a version that is not current,
// and [ErrOutcomeUnknown] if it is unknown whether m3ter carried out the request. "Errors" in the package comment lists
// the errors of all calls.
func (c *Client) RequestSupport(ctx context.Context, request SupportRequest) (*Support, error) {
	return invoke(ctx, c, &gen.RequestSupport, inUTC(request))
}

// inUTC returns the request with its time in UTC, because the offsets of some time zones have no JSON form.
func inUTC(request SupportRequest) SupportRequest {
	request.EndSupportUsersAccess = request.EndSupportUsersAccess.UTC()
	return request
}

// CreatePermissionPolicy creates a permission policy. The policy has no effect until it is added to a principal, such
// as a user (see [Client.AddPermissionPolicyToUser]). Names need not be unique.
//
// CreatePermissionPolicy returns a [*ValidationError], and sends nothing, if the name does not have 1 to 100
// characters, if there is no statement, if a statement is malformed, or if the request has a version. Its error matches
// [ErrOutcomeUnknown] if it is unknown whether m3ter created the policy. "Errors" in the package comment lists the
// errors of all calls.
func (c *Client) CreatePermissionPolicy(ctx context.Context, request PermissionPolicyRequest) (*PermissionPolicy, error) {
	return invoke(ctx, c, &gen.CreatePermissionPolicy, request)
}

// AddPermissionPolicyToUser adds a policy to the user with the id request.PrincipalID. Leave request.Version zero
// unless the user already has the policy. In that case, set Version to the current version of the link between the user
// and the policy (PrincipalPermission.Version).
//
// m3ter does not document how it responds to a request without a version if the user already has the policy. The
// in-memory m3ter of package m3tertest responds with a 409. Since the request has no version, the error matches
// [ErrConflict], but not [ErrVersionConflict]. Use [Client.UserPermissions] to see the user's policies.
//
// AddPermissionPolicyToUser returns a [*ValidationError], and sends nothing, if the policy id can't be a path segment
// (see [Get]), PrincipalID is empty, or the version is negative. Its error matches [ErrNotFound] if the policy or the
// user is unknown, [ErrVersionConflict] if the request has a version that is not current, and [ErrOutcomeUnknown] if it
// is unknown whether m3ter added the policy. "Errors" in the package comment lists the errors of all calls.
func (c *Client) AddPermissionPolicyToUser(ctx context.Context, policyID string, request PrincipalPermissionRequest) (*PrincipalPermission, error) {
	return invoke(ctx, c, &gen.AddPermissionPolicyToUser, request, policyID)
}

// RemoveResource removes an item or a nested group from a resource group. resourceType is the type of the group's
// resources, such as meter or plan. The version in the request is the version of the group. If request.Version is zero,
// m3ter does not check the version.
//
// RemoveResource returns a [*ValidationError], and sends nothing, if the type or the group id can't be a path segment
// (see [Get]), if TargetID is empty, if TargetType is unknown, or if the version is negative. Its error matches
// [ErrNotFound] if the group or the resource is unknown, [ErrVersionConflict] if the request has a version that is not
// current, and [ErrOutcomeUnknown] if it is unknown whether m3ter removed the resource. "Errors" in the package comment
// lists the errors of all calls.
func (c *Client) RemoveResource(ctx context.Context, resourceType, groupID string, request ResourceGroupItemRequest) (*ResourceGroup, error) {
	return invoke(ctx, c, &gen.RemoveResource, request, resourceType, groupID)
}

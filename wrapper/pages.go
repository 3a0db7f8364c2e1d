package m3teraccess

import (
	"cmp"
	"context"
	"iter"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// PageParams selects a page of a list. The zero value selects the first page, of the size that m3ter chooses.
type PageParams struct {
	PageSize  int32  // largest number of policies in a page, 1 to 200; if 0, m3ter chooses
	NextToken string // page token from the previous page; empty for the first page
}

// UserPermissionsPage returns one page of the permission policies that were added to a user, newest first. The
// NextToken of the page selects the next page; it is empty on the last page. [Client.UserPermissions] iterates over
// all pages.
//
// UserPermissionsPage returns a [*ValidationError], and sends nothing, if the user id can't be a path segment (see
// [Get]) or the page size is not between 0 and 200. Its error matches [ErrNotFound] if the user is unknown. "Errors" in
// the package comment lists the errors of all calls.
func (c *Client) UserPermissionsPage(ctx context.Context, userID string, params PageParams) (*PermissionPolicyPage, error) {
	return invoke(ctx, c, &gen.UserPermissions, gen.UserPermissionsParams(params), userID)
}

// UserPermissions iterates over all permission policies that were added to a user, newest first, a page at a time:
//
//	for policy, err := range client.UserPermissions(ctx, userID) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(policy.Name)
//	}
//
// These policies alone do not decide what the user may do: the policies of the user's groups apply too, and a deny in
// any policy overrides every allow.
//
// At most one PageParams may be given. It sets the page size, and the page token to start with. The client
// fetches a page when the loop reaches it, and fetches no page after the loop ends. Each loop over the result starts
// from the beginning, and several loops may run concurrently.
//
// An error ends the loop. UserPermissions yields the errors of [Client.UserPermissionsPage], and [ErrRepeatedToken] if
// m3ter returns the same page token twice: the loop would otherwise never end.
func (c *Client) UserPermissions(ctx context.Context, userID string, params ...PageParams) iter.Seq2[PermissionPolicy, error] {
	if len(params) > 1 {
		err := invalid("PageParams", "given at most once", "is given %d times", len(params))
		return func(yield func(PermissionPolicy, error) bool) {
			yield(PermissionPolicy{}, cmp.Or(begin(ctx), err))
		}
	}
	var first PageParams
	if len(params) == 1 {
		first = params[0]
	}
	return walk(&gen.UserPermissions.Operation, first.NextToken, func(token string) (*page[PermissionPolicy], error) {
		fetched, err := c.UserPermissionsPage(ctx, userID, PageParams{first.PageSize, token})
		return (*page[PermissionPolicy])(fetched), err
	})
}

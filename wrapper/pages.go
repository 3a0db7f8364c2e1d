package m3teraccess

import (
	"context"
	"iter"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// PageParams says which page of a list is wanted. The zero value is the first one, of the service's own size.
type PageParams struct {
	PageSize  int32  // policies in a page, 1 to 200; 0 leaves it to the service
	NextToken string // of the page before; empty for the first page
}

// UserPermissionsPage returns one page of the permission policies that were added to a user, newest first. The page's NextToken asks
// for the next one, and is empty on the last. [Client.UserPermissions] walks over all pages.
//
// Errors: [*ValidationError] for a user id that can't be part of a path and for a page size outside 1 to 200, nothing
// having been sent; [ErrNotFound] for an unknown user; and those that every call has, see "Errors" in the package
// comment.
func (c *Client) UserPermissionsPage(ctx context.Context, userID string, params PageParams) (*PermissionPolicyPage, error) {
	return invoke(ctx, c, &gen.UserPermissions, gen.UserPermissionsParams(params), userID)
}

// UserPermissions walks over all permission policies that were added to a user, newest first, a page at a time:
//
//	for policy, err := range client.UserPermissions(ctx, userID) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(policy.Name)
//	}
//
// They are not all that decides what the user may do: the policies of the user's groups count too, and a deny in any
// policy wins over every allow.
//
// One PageParams may be given, for the size of the pages and for the token to begin at. A page is fetched when the loop
// gets to it; leaving the loop ends the fetching. Each loop over the result begins anew, and several may run at once.
//
// An error is the last thing that comes. It is one of [Client.UserPermissionsPage], or [ErrRepeatedToken] when the
// service hands out a token for the second time, so that the pages would never end.
func (c *Client) UserPermissions(ctx context.Context, userID string, params ...PageParams) iter.Seq2[PermissionPolicy, error] {
	if len(params) > 1 {
		err := invalid("PageParams", "given once at most", "are given %d times", len(params))
		return func(yield func(PermissionPolicy, error) bool) { yield(PermissionPolicy{}, err) }
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

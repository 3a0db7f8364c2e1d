package m3teraccess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// Get reads any resource of the organization, such as its support access or a resource group:
//
//	group, err := m3teraccess.Get[m3teraccess.ResourceGroup](ctx, client, "resourcegroups", "meter", groupID)
//
// The path is given a segment an argument, behind /organizations/{orgId}. Each segment is escaped, so that an id needs no
// care.
//
// The answer is read as strictly as those of the methods of [Client]: it is one JSON value and not null, and its id is not
// empty where T is a struct with an "id" of type string that is not optional. Statements in types of this package come out
// in the form in which they can be sent, whether T is such a type or holds some.
//
// Errors: [*ValidationError] for a segment that can't be part of a path, nothing having been sent; [ErrNotFound] where
// there is nothing; [*DecodeError]; and those that every call has, see "Errors" in the package comment.
func Get[T any](ctx context.Context, c *Client, segments ...string) (*T, error) {
	return sendBelow(ctx, c, operationBelow(http.MethodGet, segments), segments, "", nil, finishAny[T])
}

// List walks over all pages of any list of the organization, such as its users:
//
//	for user, err := range m3teraccess.List[User](ctx, client, nil, "users") {
//
// The query, which may be nil, goes with each request; its nextToken is where the list begins. The segments are those of
// [Get], and each entry is read as strictly. Pages are fetched as [Client.UserPermissions] fetches them.
//
// An error is the last thing that comes: one of [Get], or [ErrRepeatedToken].
func List[T any](ctx context.Context, c *Client, query url.Values, segments ...string) iter.Seq2[T, error] {
	const token = "nextToken"
	op := operationBelow(http.MethodGet, segments)
	return walk(op, query.Get(token), func(next string) (*page[T], error) {
		query := maps.Clone(query)
		if next != "" {
			if query == nil {
				query = make(url.Values)
			}
			query.Set(token, next)
		}
		return sendBelow(ctx, c, op, segments, query.Encode(), nil, (*page[T]).finish)
	})
}

// Send sends any other JSON request to the organization, such as one that takes a policy away from a user:
//
//	_, err := m3teraccess.Send[struct{}](ctx, client, http.MethodPost, body, "permissionpolicies", id, "removefromuser")
//
// The body is what encoding/json makes of it; nil is none. The segments are those of [Get], and the answer is read as
// strictly. Send[struct{}] takes any success, one without a body included; with any other T that is a [*DecodeError].
//
// Errors: those of [Get]; [ErrVersionConflict] where the body has a version other than 0 at its top, and it is not the
// current one; [ErrOutcomeUnknown] where the request may or may not have been carried out.
func Send[T any](ctx context.Context, c *Client, method string, body any, segments ...string) (*T, error) {
	return sendBelow(ctx, c, operationBelow(method, segments), segments, "", body, finishAny[T])
}

// operationBelow is an operation on a resource of the organization.
func operationBelow(method string, segments []string) *gen.Operation {
	path := organizationPath
	for _, segment := range segments {
		path += "/" + url.PathEscape(segment)
	}
	return &gen.Operation{Name: "JSON", Method: method, Path: path, Recovery: "read what the request would have changed"}
}

const organizationPath = "/organizations/{orgId}"

// sendBelow makes a call of an operation below the organization.
func sendBelow[T any](ctx context.Context, c *Client, op *gen.Operation, segments []string, query string, body any, finish func(*T) string) (*T, error) {
	if err := begin(ctx); err != nil {
		return nil, err
	}
	if err := validateBelow(c.orgID, op.Method, segments); err != nil {
		return nil, err
	}
	address := c.urlOf(organizationPath+strings.Repeat("/{}", len(segments)), append([]string{c.orgID}, segments...), query)
	req, err := c.newRequest(op.Method, address, body)
	if err != nil {
		return nil, invalid("body", "a value that encoding/json can write", "is not: %v", err)
	}
	call := c.newCall(op, req)
	call.versioned = hasVersion(req)
	return perform(ctx, c, call, finish)
}

func validateBelow(orgID, method string, segments []string) error {
	errs := []error{validateOrganization("organization id", orgID)}
	errs = append(errs, validateMethod("method", method))
	if len(segments) == 0 {
		errs = append(errs, invalid("segments", "those of a path below the organization", "are missing"))
	}
	for i, segment := range segments {
		errs = append(errs, validatePathValue(fmt.Sprintf("segments[%d]", i), segment))
	}
	return errors.Join(errs...)
}

// hasVersion tells whether the JSON of a request has a version at its top that is a number other than 0.
func hasVersion(req *http.Request) bool {
	if req.GetBody == nil {
		return false
	}
	body, _ := req.GetBody()
	data, _ := io.ReadAll(body)
	var sent struct {
		Version json.RawMessage `json:"version"`
	}
	if strictjson.Unmarshal(data, &sent) != nil {
		return false
	}
	version, err := strconv.ParseFloat(string(sent.Version), 64)
	return err == nil && version != 0
}

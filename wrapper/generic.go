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
	"slices"
	"strconv"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// Get reads any entity of the organization, such as its support request or a resource group:
//
//	group, err := m3teraccess.Get[m3teraccess.ResourceGroup](ctx, client, "resourcegroups", "meter", groupID)
//
// The segments are the path after /organizations/{orgId}, one argument for each path segment. Get escapes the segments,
// so the caller must not escape ids.
//
// Get reads the response as strictly as the methods of [Client] do. The response must be one JSON value other than
// null. If T is a struct with a string field whose tag is json:"id", without options, the id must not be empty. If T is
// a type of this package, or contains one, Get converts its effects and actions to lower case.
//
// Get returns a [*ValidationError], and sends nothing, if there is no segment, or if a segment is empty, is "." or
// "..", or contains a slash, a backslash or a control character. It returns an error that matches [ErrNotFound] if the
// entity does not exist, and a [*DecodeError] if the response can't be read. "Errors" in the package comment lists the
// errors of all calls.
func Get[T any](ctx context.Context, c *Client, segments ...string) (*T, error) {
	return sendBelow(ctx, c, operationBelow(http.MethodGet, segments), segments, "", nil, finishAny[T])
}

// List iterates over all entries of a list, such as the users of the organization, and fetches all pages:
//
//	for user, err := range m3teraccess.List[User](ctx, client, nil, "users") {
//
// Each request carries the query, which may be nil. The query's nextToken is the page token to start with. The segments
// have the same meaning as in [Get], and List reads each entry as strictly as Get does. List fetches pages as
// [Client.UserPermissions] does.
//
// An error ends the loop. List yields the errors of [Get] and [ErrRepeatedToken].
func List[T any](ctx context.Context, c *Client, query url.Values, segments ...string) iter.Seq2[T, error] {
	const token = "nextToken"
	// Copy the segments and the query: the caller may change them before the loop.
	segments = slices.Clone(segments)
	query, _ = url.ParseQuery(query.Encode())
	op := operationBelow(http.MethodGet, segments)
	return walk(op, query.Get(token), func(next string) (*page[T], error) {
		query := maps.Clone(query)
		if next != "" {
			query.Set(token, next)
		}
		return sendBelow(ctx, c, op, segments, query.Encode(), nil, (*page[T]).finish)
	})
}

// Send makes a JSON request for which [Client] has no method, such as a request that removes a policy from a user:
//
//	_, err := m3teraccess.Send[struct{}](ctx, client, http.MethodPost, body, "permissionpolicies", id, "removefromuser")
//
// Send encodes the body with encoding/json. If the body is nil, the request has no body. The segments have the same
// meaning as in [Get], and Send reads the response as strictly as Get does. Send[struct{}] accepts any success, even
// without a response body. For any other T, Send returns a [*DecodeError] if a successful response has no body.
//
// Send returns the errors of [Get]. It also returns a [*ValidationError], and sends nothing, if the method is not valid
// or is CONNECT or TRACE, or if the body can't be encoded. Its error matches [ErrVersionConflict] if the body has a
// top-level version other than 0 that is not current, and [ErrOutcomeUnknown] if it is unknown whether m3ter carried
// out a write.
func Send[T any](ctx context.Context, c *Client, method string, body any, segments ...string) (*T, error) {
	return sendBelow(ctx, c, operationBelow(method, segments), segments, "", body, finishAny[T])
}

// operationBelow returns an operation on a path below the organization.
func operationBelow(method string, segments []string) *gen.Operation {
	path := organizationPath
	for _, segment := range segments {
		path += "/" + url.PathEscape(segment)
	}
	return &gen.Operation{Name: "JSON", Method: method, Path: path, Recovery: genericRecovery}
}

const (
	organizationPath = "/organizations/{orgId}"
	genericRecovery  = "read what the write would have changed"
)

// organizationField is the name of the organization id in errors.
var organizationField = gen.UserPermissions.Arguments[0]

// sendBelow calls an operation on a path below the organization.
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
		return nil, invalid("body", "a value that encoding/json can encode", "can't be encoded: %v", err)
	}
	call := c.newCall(op, req)
	call.versioned = hasVersion(req)
	return perform(ctx, c, call, finish)
}

func validateBelow(orgID, method string, segments []string) error {
	errs := []error{validateOrganization(organizationField, orgID)}
	errs = append(errs, validateMethod("method", method))
	if len(segments) == 0 {
		errs = append(errs, invalid("segments", "one or more path segments", "are missing"))
	}
	for i, segment := range segments {
		errs = append(errs, validatePathValue(fmt.Sprintf("segments[%d]", i), segment))
	}
	return errors.Join(errs...)
}

// hasVersion reports whether the JSON of a request has a top-level version that is a number other than 0.
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

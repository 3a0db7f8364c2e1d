package m3teraccess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// m3ter refuses the content of the request. m3ter's message is meant for a person.
func ExampleError_badRequest() {
	fake, client := newExample()
	defer fake.Close()
	fake.Inject(m3tertest.Fault{Status: http.StatusBadRequest, Body: `{"message": "config:metre is not a resource"}`})

	_, err := client.CreatePermissionPolicy(context.Background(), m3teraccess.PermissionPolicyRequest{
		Name:             "Meter readers",
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:metre/*")},
	})
	var refused *m3teraccess.Error
	if errors.Is(err, m3teraccess.ErrBadRequest) && errors.As(err, &refused) {
		fmt.Println("correct the request:", refused.Message)
	}
	// Output: correct the request: config:metre is not a resource
}

// m3ter has revoked an access token that the client can't renew, such as a person's token.
func ExampleError_unauthorized() {
	fake, client := newExample(m3teraccess.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "pasted"})))
	defer fake.Close()
	fake.Inject(m3tertest.Fault{Status: http.StatusUnauthorized})

	_, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{})
	if errors.Is(err, m3teraccess.ErrUnauthorized) {
		fmt.Println("sign in again")
	}
	// Output: sign in again
}

// The service user lacks a permission. m3ter also responds with a 403 to an expired access token, so the client
// has retried with a new one.
func ExampleError_forbidden() {
	fake, client := newExample()
	defer fake.Close()

	other := client.Organization("another-organization")
	_, err := other.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{})
	if errors.Is(err, m3teraccess.ErrForbidden) {
		fmt.Println("ask an administrator for access to this organization")
	}
	// Output: ask an administrator for access to this organization
}

// Someone else updated the group first. RetryOnConflict would read and write again.
func ExampleError_versionConflict() {
	fake, client := newExample()
	defer fake.Close()
	group := fake.AddResourceGroup("meter", m3teraccess.ResourceGroup{Version: 2},
		m3tertest.Item{TargetID: "meter-1", TargetType: m3teraccess.TargetItem})

	_, err := client.RemoveResource(context.Background(), "meter", group.ID, m3teraccess.ResourceGroupItemRequest{
		TargetID:   "meter-1",
		TargetType: m3teraccess.TargetItem,
		Version:    1,
	})
	if errors.Is(err, m3teraccess.ErrVersionConflict) {
		fmt.Println("read the group again")
	}
	// Output: read the group again
}

// The user has the policy already. This is a conflict, but not a version conflict.
func ExampleError_conflict() {
	fake, client := newExample()
	defer fake.Close()
	fake.AddUser("user-1")
	policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Meter readers"})

	request := m3teraccess.PrincipalPermissionRequest{PrincipalID: "user-1"}
	for range 2 {
		_, err := client.AddPermissionPolicyToUser(context.Background(), policy.ID, request)
		if errors.Is(err, m3teraccess.ErrConflict) && !errors.Is(err, m3teraccess.ErrVersionConflict) {
			fmt.Println("the user has the policy already")
		}
	}
	// Output: the user has the policy already
}

// m3ter asks for a longer wait than RetryPolicy.MaxRetryAfter allows.
func ExampleError_rateLimited() {
	fake, client := newExample()
	defer fake.Close()
	fake.Inject(m3tertest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"120"}}})

	_, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{})
	var refused *m3teraccess.Error
	if errors.Is(err, m3teraccess.ErrRateLimited) && errors.As(err, &refused) {
		fmt.Println("come back after", refused.RetryAfter)
	}
	// Output: come back after 2m0s
}

// The server is down, and the retry fails too.
func ExampleError_server() {
	fake, client := newExample(m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 2, MinBackoff: time.Millisecond}))
	defer fake.Close()
	fake.Inject(m3tertest.Fault{Status: http.StatusBadGateway, Header: http.Header{"X-Request-Id": {"req-1"}}})

	_, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{})
	var refused *m3teraccess.Error
	if errors.Is(err, m3teraccess.ErrServer) && errors.As(err, &refused) {
		fmt.Println("tell m3ter's support about", refused.RequestID)
	}
	// Output: tell m3ter's support about req-1
}

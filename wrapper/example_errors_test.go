package m3teraccess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A program may want to tell these outcomes apart.
func ExampleError() {
	fake, client := newExample()
	defer fake.Close()

	_, err := client.AddPermissionPolicyToUser(context.Background(), "no-such-policy", m3teraccess.PrincipalPermissionRequest{PrincipalID: "user-1"})
	var answered *m3teraccess.Error
	switch {
	case errors.Is(err, m3teraccess.ErrOutcomeUnknown):
		fmt.Println("check whether the user has the policy")
	case errors.Is(err, m3teraccess.ErrNotFound):
		fmt.Println("no such policy or user")
	case errors.As(err, &answered):
		fmt.Println("refused:", answered.StatusCode, answered.Message)
	case err != nil:
		fmt.Println("not done:", err)
	}
	// Output: no such policy or user
}

// The response to a write is lost. The error says where to look for the outcome. Example (Testing) shows
// a program that looks for the outcome of another write.
func ExampleError_outcomeUnknown() {
	fake, client := newExample()
	defer fake.Close()
	fake.Inject(m3tertest.Fault{Times: 1, CarriedOut: true, Status: http.StatusGatewayTimeout})

	_, err := client.CreatePermissionPolicy(context.Background(), m3teraccess.PermissionPolicyRequest{
		Name:             "Meter readers",
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:meter/*")},
	})
	if errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
		fmt.Println(err)
	}
	// Output: m3teraccess: POST /organizations/{orgId}/permissionpolicies: 504 Gateway Timeout; m3ter may have carried out the write; to find out, list the permission policies (List with "permissionpolicies") and look for the name; if it is missing, wait a minute and look again, because m3ter may still create the policy
}

func ExampleValidationError() {
	fake, client := newExample()
	defer fake.Close()

	_, err := client.CreatePermissionPolicy(context.Background(), m3teraccess.PermissionPolicyRequest{
		Name:             "Meter readers",
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow("CONFIG_RETRIEVE").On("config:meter/*")},
	})
	var invalid *m3teraccess.ValidationError
	if errors.As(err, &invalid) {
		fmt.Println("field:  ", invalid.Field)
		fmt.Println("problem:", invalid.Problem)
		fmt.Println("allowed:", invalid.Allowed)
	}
	// Output:
	// field:   PermissionPolicy[0].Action[0]
	// problem: is "CONFIG_RETRIEVE"
	// allowed: in lower case: "config:retrieve"
}

func ExampleAuthError() {
	fake, client := newExample(m3teraccess.WithCredentials("access-key-id", "yesterday's secret"))
	defer fake.Close()

	_, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{})
	var denied *m3teraccess.AuthError
	if errors.As(err, &denied) {
		fmt.Println("check the credentials:", denied.StatusCode)
	}
	// Output: check the credentials: 401
}

// A proxy responds instead of m3ter.
func ExampleDecodeError() {
	fake, client := newExample()
	defer fake.Close()
	fake.Inject(m3tertest.Fault{Status: http.StatusOK, Body: "<html>Log in to the guest network</html>"})

	_, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{})
	var unreadable *m3teraccess.DecodeError
	if errors.As(err, &unreadable) {
		fmt.Printf("status %d: %s\n", unreadable.StatusCode, unreadable.Body)
	}
	// Output: status 200: <html>Log in to the guest network</html>
}

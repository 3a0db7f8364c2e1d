package m3teraccess_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// Get reads a resource group by its id, and escapes the id.
func ExampleGet() {
	fake, client := newExample()
	defer fake.Close()
	ctx := context.Background()
	fake.AddResourceGroup("meter", m3teraccess.ResourceGroup{ID: "group-1"})

	group, err := m3teraccess.Get[m3teraccess.ResourceGroup](ctx, client, "resourcegroups", "meter", "group-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(group.ID, "is at version", group.Version)

	_, err = m3teraccess.Get[m3teraccess.ResourceGroup](ctx, client, "resourcegroups", "meter", "another")
	fmt.Println("not found:", errors.Is(err, m3teraccess.ErrNotFound))
	// Output:
	// group-1 is at version 1
	// not found: true
}

// The names of policies need not be unique. Use List to find out whether a policy already has a certain name.
func ExampleList() {
	fake, client := newExample()
	defer fake.Close()
	ctx := context.Background()
	fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Meter readers", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:meter/*"),
	}})

	for policy, err := range m3teraccess.List[m3teraccess.PermissionPolicy](ctx, client, nil, "permissionpolicies") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(policy.Name, policy.PermissionPolicy)
	}
	// Output:
	// Meter readers [allow config:retrieve on config:meter/*]
}

// Send makes a request for which the client has no method. For the request in this example, the client does have a
// method: RequestSupport does the same.
func ExampleSend() {
	fake, client := newExample()
	defer fake.Close()
	ctx := context.Background()

	body := map[string]any{"dtEndSupportUsersAccess": "2026-03-01T17:00:00Z"}
	support, err := m3teraccess.Send[m3teraccess.Support](ctx, client, http.MethodPut, body, "support")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("support access until", support.EndSupportUsersAccess)
	// Output:
	// support access until 2026-03-01 17:00:00 +0000 UTC
}

// An audit trail keeps the outcome of each call, whether it succeeds or not.
func ExampleWithResponseInto() {
	fake, client := newExample()
	defer fake.Close()

	var info m3teraccess.ResponseInfo
	ctx := m3teraccess.WithResponseInto(context.Background(), &info)
	_, err := client.UserPermissionsPage(ctx, "nobody", m3teraccess.PageParams{})
	fmt.Println("failed:", err != nil)
	fmt.Println("status", info.StatusCode, "after", info.Attempts, "attempt")
	// Output:
	// failed: true
	// status 404 after 1 attempt
}

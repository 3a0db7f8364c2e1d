package m3teraccess_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// onboard is the code under test. It adds a policy to a user. If the outcome is unknown, onboard looks for the
// policy among the user's policies.
func onboard(ctx context.Context, client *m3teraccess.Client, userID, policyID string) error {
	_, err := client.AddPermissionPolicyToUser(ctx, policyID, m3teraccess.PrincipalPermissionRequest{PrincipalID: userID})
	if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
		return err
	}
	for policy, failed := range client.UserPermissions(ctx, userID) {
		if failed != nil {
			return failed
		}
		if policy.ID == policyID {
			return nil
		}
	}
	return err
}

// The fake carries out the request, and loses the response.
func Example_testing() {
	fake := m3tertest.NewServer()
	defer fake.Close()
	fake.AddUser("user-1")
	policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Meter readers"})
	fake.Inject(m3tertest.Fault{Operation: "AddPermissionPolicyToUser", Times: 1, Break: m3tertest.DropAnswer})

	client, err := m3teraccess.NewClient(
		m3teraccess.WithBaseURL(fake.URL),
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithOrganization(fake.OrganizationID),
	)
	if err != nil {
		log.Fatal(err) // t.Fatal in a test
	}
	fmt.Println("error:", onboard(context.Background(), client, "user-1", policy.ID))
	for _, policy := range fake.UserPolicies("user-1") {
		fmt.Println("the user has", policy.Name)
	}
	for _, request := range fake.Requests() {
		fmt.Println(request.Operation, request.Status)
	}
	// Output:
	// error: <nil>
	// the user has Meter readers
	// Token 200
	// AddPermissionPolicyToUser 0
	// UserPermissions 200
}

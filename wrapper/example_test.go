package m3teraccess_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// newExample starts an in-memory m3ter, so that the examples run as they stand, and makes a client for it.
func newExample() (*m3tertest.Server, *m3teraccess.Client) {
	fake := m3tertest.NewServer()
	client, err := m3teraccess.NewClient(
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithOrganization(fake.OrganizationID),
		m3teraccess.WithBaseURL(fake.URL),
	)
	if err != nil {
		log.Fatal(err)
	}
	return fake, client
}

func ExampleNewClient() {
	_, err := m3teraccess.NewClient(
		m3teraccess.WithCredentials("access-key-id", "api-secret"),
		m3teraccess.WithOrganization(""),
	)
	fmt.Println(err)
	// Output: m3teraccess: WithOrganization is empty; allowed: an id of one path segment: not empty, not "." or "..", without /, \ and control characters
}

func ExampleClient_RequestSupport() {
	fake, client := newExample()
	defer fake.Close()

	support, err := client.RequestSupport(context.Background(), m3teraccess.SupportRequest{
		EndSupportUsersAccess: time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC),
		SupportUsersPermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:*"),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", support.Version, "until", support.EndSupportUsersAccess)
	// Output: version 1 until 2026-03-01 17:00:00 +0000 UTC
}

func ExampleClient_CreatePermissionPolicy() {
	fake, client := newExample()
	defer fake.Close()

	policy, err := client.CreatePermissionPolicy(context.Background(), m3teraccess.PermissionPolicyRequest{
		Name: "Meter editors",
		PermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.ConfigRetrieve, m3teraccess.ConfigUpdate).On("config:meter/*"),
			m3teraccess.Deny(m3teraccess.All).On("config:meter/item/12345"),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range policy.PermissionPolicy {
		fmt.Println(s.Effect, s.Action, s.Resource)
	}
	// Output:
	// allow [config:retrieve config:update] [config:meter/*]
	// deny [all] [config:meter/item/12345]
}

func ExampleClient_AddPermissionPolicyToUser() {
	fake, client := newExample()
	defer fake.Close()
	fake.AddUser("user-1")
	policy := fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{ID: "policy-1", Name: "Meter editors"})

	grant, err := client.AddPermissionPolicyToUser(context.Background(), policy.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: "user-1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(grant.PermissionPolicyID, "for", grant.PrincipalType, grant.PrincipalID)
	// Output: policy-1 for USER user-1
}

func ExampleClient_UserPermissions() {
	fake, client := newExample()
	defer fake.Close()
	fake.AddUser("user-1")
	for _, name := range []string{"Readers", "Editors", "Auditors"} {
		fake.GrantPolicy(fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: name}).ID, "user-1")
	}

	for policy, err := range client.UserPermissions(context.Background(), "user-1", m3teraccess.PageParams{PageSize: 2}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(policy.Name)
	}
	// Output:
	// Auditors
	// Editors
	// Readers
}

func ExampleClient_UserPermissionsPage() {
	fake, client := newExample()
	defer fake.Close()
	fake.AddUser("user-1")
	for _, name := range []string{"Readers", "Editors", "Auditors"} {
		fake.GrantPolicy(fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: name}).ID, "user-1")
	}

	page, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{PageSize: 2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), "policies, more:", page.NextToken != "")
	// Output: 2 policies, more: true
}

func ExampleClient_RemoveResource() {
	fake, client := newExample()
	defer fake.Close()
	group := fake.AddResourceGroup("meter", m3teraccess.ResourceGroup{Name: "Usage meters"}, m3tertest.Item{TargetID: "meter-1", TargetType: m3teraccess.TargetItem})

	changed, err := client.RemoveResource(context.Background(), "meter", group.ID, m3teraccess.ResourceGroupItemRequest{
		TargetID:   "meter-1",
		TargetType: m3teraccess.TargetItem,
		Version:    group.Version,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(changed.Name, "is now version", changed.Version)
	// Output: Usage meters is now version 2
}

func ExampleClient_Organization() {
	fake, client := newExample()
	defer fake.Close()

	other := client.Organization("another-organization")
	_, err := other.CreatePermissionPolicy(context.Background(), m3teraccess.PermissionPolicyRequest{
		Name:             "Meter readers",
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:meter/*")},
	})
	fmt.Println(errors.Is(err, m3teraccess.ErrForbidden))
	// Output: true
}

func ExampleClient_Do() {
	fake, client := newExample()
	defer fake.Close()
	group := fake.AddResourceGroup("meter", m3teraccess.ResourceGroup{Name: "Usage meters"})

	req, err := http.NewRequest(http.MethodGet, fake.URL+"/organizations/"+fake.OrganizationID+"/resourcegroups/meter/"+group.ID, nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	var got m3teraccess.ResourceGroup
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, got.Name)
	// Output: 200 Usage meters
}

// Two writers change the same support request. The second to come reads the version again, and tries again.
func ExampleRetryOnConflict() {
	fake, client := newExample()
	defer fake.Close()
	ctx := context.Background()
	end := time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)
	if _, err := client.RequestSupport(ctx, m3teraccess.SupportRequest{EndSupportUsersAccess: end}); err != nil {
		log.Fatal(err)
	}

	readVersion := func(ctx context.Context) (int64, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fake.URL+"/organizations/"+fake.OrganizationID+"/support", nil)
		if err != nil {
			return 0, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		var current m3teraccess.Support
		err = json.NewDecoder(resp.Body).Decode(&current)
		return current.Version, err
	}
	tries := 0
	support, err := m3teraccess.RetryOnConflict(ctx, readVersion, func(ctx context.Context, version int64) (*m3teraccess.Support, error) {
		if tries++; tries == 1 { // somebody else is faster
			if _, err := client.RequestSupport(ctx, m3teraccess.SupportRequest{EndSupportUsersAccess: end.Add(time.Hour), Version: version}); err != nil {
				return nil, err
			}
		}
		return client.RequestSupport(ctx, m3teraccess.SupportRequest{EndSupportUsersAccess: end.Add(2 * time.Hour), Version: version})
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", support.Version, "after", tries, "tries")
	// Output: version 3 after 2 tries
}

// What a caller may want to tell apart.
func ExampleError() {
	fake, client := newExample()
	defer fake.Close()

	_, err := client.AddPermissionPolicyToUser(context.Background(), "no-such-policy", m3teraccess.PrincipalPermissionRequest{PrincipalID: "user-1"})
	var answered *m3teraccess.Error
	switch {
	case errors.Is(err, m3teraccess.ErrOutcomeUnknown):
		fmt.Println("look whether it was done, then decide")
	case errors.Is(err, m3teraccess.ErrNotFound):
		fmt.Println("no such policy or user")
	case errors.As(err, &answered):
		fmt.Println("refused:", answered.StatusCode, answered.Message)
	case err != nil:
		fmt.Println("not sent:", err)
	}
	// Output: no such policy or user
}

func ExampleValidationError() {
	fake, client := newExample()
	defer fake.Close()

	_, err := client.CreatePermissionPolicy(context.Background(), m3teraccess.PermissionPolicyRequest{
		Name:             "Meter readers",
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow("CONFIG_RETRIEVE").On("config:meter/*")},
	})
	fmt.Println(err)
	// Output: m3teraccess: PermissionPolicy[0].Action[0] is "CONFIG_RETRIEVE", in upper case; allowed: the lower-case form "config:retrieve"
}

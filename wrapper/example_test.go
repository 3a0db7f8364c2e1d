package m3teraccess_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// newExample starts an in-memory m3ter and makes a client for it. The examples run as they are.
func newExample(opts ...m3teraccess.Option) (*m3tertest.Server, *m3teraccess.Client) {
	fake := m3tertest.NewServer()
	client, err := m3teraccess.NewClient(append([]m3teraccess.Option{
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithOrganization(fake.OrganizationID),
		m3teraccess.WithBaseURL(fake.URL),
	}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return fake, client
}

func ExampleNewClient() {
	client, err := m3teraccess.NewClient( // other settings have their defaults
		m3teraccess.WithCredentials("access-key-id", "api-secret"),
		m3teraccess.WithOrganization("1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f"),
		m3teraccess.WithBaseURL("https://api.m3ter.com"), // the default
		m3teraccess.WithUserAgent("billing-sync/1.4"),
		m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 6}), // a zero field keeps its default
		m3teraccess.WithTimeout(10*time.Second),
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client) // without its secrets
	// Output: m3teraccess.Client{organization: "1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f", base URL: "https://api.m3ter.com"}
}

// NewClient reports all mistakes at once.
func ExampleNewClient_mistakes() {
	_, err := m3teraccess.NewClient(
		m3teraccess.WithCredentials("access-key-id", ""),
		m3teraccess.WithOrganization("org"),
		m3teraccess.WithBaseURL("http://api.m3ter.com"),
		m3teraccess.WithTimeout(-time.Second),
	)
	fmt.Println(err)
	// Output:
	// m3teraccess: WithCredentials: secret must be an API secret; it is empty
	// m3teraccess: WithBaseURL must be an https URL, or an http URL for localhost or a loopback address, without a user, a query or a fragment; it is "http://api.m3ter.com"
	// m3teraccess: WithTimeout must be a positive duration; it is -1s
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

func ExampleClient_Do() {
	fake, client := newExample()
	defer fake.Close()
	group := fake.AddResourceGroup("meter", m3teraccess.ResourceGroup{Name: "Usage meters"})

	path := "/organizations/" + client.OrganizationID() + "/resourcegroups/meter/" + group.ID
	req, err := http.NewRequest(http.MethodGet, path, nil)
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

// The client that Organization returns shares the access token and the connections.
func ExampleClient_Organization() {
	fake, client := newExample(m3teraccess.WithOrganization("another-organization"))
	defer fake.Close()
	fake.AddUser("user-1")

	page, err := client.Organization(fake.OrganizationID).UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), "policies")
	// Output: 0 policies
}

func ExampleClient_OrganizationID() {
	fake, client := newExample(m3teraccess.WithOrganization("our-organization"))
	defer fake.Close()

	fmt.Println(client.OrganizationID(), client.Organization("another").OrganizationID())
	// Output: our-organization another
}

// A response to Do keeps m3ter's spelling. Sendable converts it.
func ExampleSendable() {
	answer := []byte(`[{"effect": "ALLOW", "action": ["CONFIG_RETRIEVE"], "resource": ["config:*"]}]`)
	var statements []m3teraccess.Statement
	if err := json.Unmarshal(answer, &statements); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m3teraccess.Sendable(statements))
	// Output: [allow config:retrieve on config:*]
}

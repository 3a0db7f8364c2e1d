package m3teraccess_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// newExampleUser is newExample with a user who has three policies.
func newExampleUser() (*m3tertest.Server, *m3teraccess.Client) {
	fake, client := newExample()
	fake.AddUser("user-1")
	for _, name := range []string{"Readers", "Editors", "Auditors"} {
		fake.GrantPolicy(fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: name}).ID, "user-1")
	}
	return fake, client
}

func ExampleClient_UserPermissions() {
	fake, client := newExampleUser()
	defer fake.Close()

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

// The client fetches no page after the loop ends.
func ExampleClient_UserPermissions_break() {
	fake, client := newExampleUser()
	defer fake.Close()

	for policy, err := range client.UserPermissions(context.Background(), "user-1", m3teraccess.PageParams{PageSize: 1}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(policy.Name)
		if policy.Name == "Editors" {
			break
		}
	}
	pages := 0
	for _, request := range fake.Requests() {
		if request.Operation == "UserPermissions" {
			pages++
		}
	}
	fmt.Println(pages, "of 3 pages were fetched")
	// Output:
	// Auditors
	// Editors
	// 2 of 3 pages were fetched
}

// The client would fetch pages forever if it followed a repeated page token.
func ExampleClient_UserPermissions_repeatedToken() {
	fake, client := newExample()
	defer fake.Close()
	fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Status: http.StatusOK, Body: `{"data": [], "nextToken": "again"}`})

	for _, err := range client.UserPermissions(context.Background(), "user-1") {
		fmt.Println(errors.Is(err, m3teraccess.ErrRepeatedToken))
	}
	// Output: true
}

func ExampleClient_UserPermissionsPage() {
	fake, client := newExampleUser()
	defer fake.Close()

	ctx := context.Background()
	first, err := client.UserPermissionsPage(ctx, "user-1", m3teraccess.PageParams{PageSize: 2})
	if err != nil {
		log.Fatal(err)
	}
	second, err := client.UserPermissionsPage(ctx, "user-1", m3teraccess.PageParams{PageSize: 2, NextToken: first.NextToken})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(first.Data), "policies, and then", len(second.Data))
	fmt.Println("more to come:", second.NextToken != "")
	// Output:
	// 2 policies, and then 1
	// more to come: false
}

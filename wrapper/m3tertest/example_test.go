package m3tertest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func Example() {
	fake := m3tertest.NewServer()
	defer fake.Close()
	fake.AddUser("user-1")
	policy := fake.AddPermissionPolicy(gen.PermissionPolicy{Name: "Meter readers"})

	config := clientcredentials.Config{
		ClientID: fake.APIKey, ClientSecret: fake.APISecret, TokenURL: fake.URL + "/oauth/token",
	}
	client := config.Client(context.Background())
	link := fake.URL + "/organizations/" + fake.OrganizationID + "/permissionpolicies/" + policy.ID + "/addtouser"
	resp, err := client.Post(link, "application/json", strings.NewReader(`{"principalId": "user-1"}`))
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()

	for _, policy := range fake.UserPolicies("user-1") {
		fmt.Println("user-1 has", policy.Name)
	}
	for _, request := range fake.Requests() {
		fmt.Println(request.Operation, request.Status)
	}
	// Output:
	// user-1 has Meter readers
	// Token 200
	// AddPermissionPolicyToUser 200
}

// The server is down for a moment. Later it carries out a request, and loses the response.
func ExampleServer_Inject() {
	fake := m3tertest.NewServer()
	defer fake.Close()
	config := clientcredentials.Config{
		ClientID: fake.APIKey, ClientSecret: fake.APISecret, TokenURL: fake.URL + "/oauth/token",
	}
	client := config.Client(context.Background())

	// grantSupport is the code under test. It retries while the server is down, but not if the server may have carried
	// out the request.
	grantSupport := func() error {
		for range 3 {
			r, err := http.NewRequest(http.MethodPut, fake.URL+"/organizations/"+fake.OrganizationID+"/support",
				strings.NewReader(`{"dtEndSupportUsersAccess": "2026-03-01T17:00:00Z"}`))
			if err != nil {
				return err
			}
			r.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(r)
			if err != nil {
				return errors.New("it is unknown whether support access was granted")
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		return errors.New("m3ter is down")
	}

	fake.Inject(m3tertest.Fault{Times: 2, Status: 503, Header: http.Header{"Retry-After": {"1"}}})
	fake.Inject(m3tertest.Fault{Operation: "RequestSupport", Times: 1, Break: m3tertest.DropAnswer})
	fmt.Println(grantSupport())

	for _, request := range fake.Requests() {
		fmt.Println(request.Operation, request.Status, request.Applied)
	}
	// Output:
	// it is unknown whether support access was granted
	// Token 200 false
	// RequestSupport 503 false
	// RequestSupport 503 false
	// RequestSupport 0 true
}

// A gateway responds with 401 to an old access token until the client sends a new one.
func ExampleServer_InjectFunc() {
	fake := m3tertest.NewServer()
	defer fake.Close()
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		old := r.Header.Get("Authorization") == "Bearer old"
		html := http.Header{"Content-Type": {"text/html"}}
		return m3tertest.Fault{Status: http.StatusUnauthorized, Header: html, Body: "<h1>401</h1>"}, old
	})

	for _, token := range []string{"old", "new"} {
		client := oauth2.NewClient(context.Background(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
		resp, err := client.Get(fake.URL + "/organizations/" + fake.OrganizationID + "/support")
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Println(token, resp.StatusCode)
	}
	// Output:
	// old 401
	// new 403
}

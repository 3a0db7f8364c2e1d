package m3tertest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func Example() {
	fake := m3tertest.NewServer()
	defer fake.Close()
	fake.AddUser("user-1")

	post := func(path, body string, authorize func(*http.Request), answer any) {
		r, err := http.NewRequest(http.MethodPost, fake.URL+path, strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		authorize(r)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
			log.Fatal(err)
		}
	}

	var token struct {
		Value string `json:"access_token"`
	}
	basic := func(r *http.Request) { r.SetBasicAuth(fake.APIKey, fake.APISecret) }
	post("/oauth/token", `{"grant_type": "client_credentials"}`, basic, &token)

	var policy struct{ ID string }
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token.Value) }
	policies := "/organizations/" + fake.OrganizationID + "/permissionpolicies"
	post(policies, `{"name": "Meter readers", "permissionPolicy": [
		{"effect": "allow", "action": ["config:retrieve"], "resource": ["config:meter/*"]}]}`, bearer, &policy)
	post(policies+"/"+policy.ID+"/addtouser", `{"principalId": "user-1"}`, bearer, new(any))

	for _, policy := range fake.UserPolicies("user-1") {
		fmt.Println(policy.Name, policy.PermissionPolicy[0].Action)
	}
	for _, request := range fake.Requests() {
		fmt.Println(request.Operation, request.Status)
	}
	// Output:
	// Meter readers [CONFIG_RETRIEVE]
	// Token 200
	// CreatePermissionPolicy 200
	// AddPermissionPolicyToUser 200
}

// A gateway answers 401 to an old access token until the client sends a new one.
func ExampleServer_InjectFunc() {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	defer fake.Close()
	client := fake.Client()
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		old := r.Header.Get("Authorization") == "Bearer old"
		return m3tertest.Fault{Status: http.StatusUnauthorized, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<h1>401</h1>"}, old
	})

	for _, token := range []string{"old", "new"} {
		r, err := http.NewRequest(http.MethodGet, fake.URL+"/organizations/"+fake.OrganizationID+"/support", nil)
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(token, resp.StatusCode, strings.TrimSpace(string(body)))
	}
	// Output:
	// old 401 <h1>401</h1>
	// new 403 {"message":"the access token is unknown"}
}

package m3tertest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

var errUnknown = errors.New("support access may have been granted or not")

// grantSupport is the code under test. It retries while the server is down, but not if the server may have carried out
// the request.
func grantSupport(client *http.Client, baseURL, organizationID, token string) error {
	for range 3 {
		r, err := http.NewRequest(http.MethodPut, baseURL+"/organizations/"+organizationID+"/support",
			strings.NewReader(`{"dtEndSupportUsersAccess": "2026-03-01T17:00:00Z"}`))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(r)
		if err != nil {
			return errUnknown
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
	return errors.New("m3ter is down")
}

// requestToken fetches an access token from a fake.
func requestToken(client *http.Client, fake *m3tertest.Server) (string, error) {
	r, err := http.NewRequest(http.MethodPost, fake.URL+"/oauth/token", strings.NewReader(`{"grant_type": "client_credentials"}`))
	if err != nil {
		return "", err
	}
	r.SetBasicAuth(fake.APIKey, fake.APISecret)
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	return answer.Token, err
}

// The server is down for a moment. Later it carries out a request, and loses the response.
func ExampleServer_Inject() {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	defer fake.Close()
	client := fake.Client()
	token, err := requestToken(client, fake)
	if err != nil {
		fmt.Println(err)
		return
	}

	fake.Inject(m3tertest.Fault{Times: 2, Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"1"}}})
	fake.Inject(m3tertest.Fault{Operation: "RequestSupport", Times: 1, Break: m3tertest.DropAnswer})
	fmt.Println(grantSupport(client, fake.URL, fake.OrganizationID, token))

	for _, request := range fake.Requests() {
		fmt.Println(request.Operation, request.Status, request.Applied)
	}
	// Output:
	// support access may have been granted or not
	// Token 200 false
	// RequestSupport 503 false
	// RequestSupport 503 false
	// RequestSupport 0 true
}

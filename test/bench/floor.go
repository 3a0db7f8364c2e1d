package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// floor is the code that a careful engineer would write by hand for these calls, with net/http and encoding/json, but
// without retries.
type floor struct {
	client *http.Client
	base   string
}

func (f *floor) create(ctx context.Context, orgID string, request m3teraccess.PermissionPolicyRequest) (*m3teraccess.PermissionPolicy, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	policy := new(m3teraccess.PermissionPolicy)
	return policy, f.do(ctx, http.MethodPost, f.base+"/organizations/"+url.PathEscape(orgID)+"/permissionpolicies", body, policy)
}

// permissions decodes the permissions of a user, a page or one policy, into result.
func (f *floor) permissions(ctx context.Context, orgID, userID, token string, result any) error {
	address := f.base + "/organizations/" + url.PathEscape(orgID) + "/users/" + url.PathEscape(userID) + "/permissions"
	if token != "" {
		address += "?nextToken=" + url.QueryEscape(token)
	}
	return f.do(ctx, http.MethodGet, address, nil, result)
}

func (f *floor) do(ctx context.Context, method, address string, body []byte, result any) error {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer token")
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := readAll(resp)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, address, resp.Status, text)
	}
	return json.Unmarshal(text, result)
}

// readAll reads into a buffer of the announced size, if any.
func readAll(resp *http.Response) ([]byte, error) {
	if resp.ContentLength < 0 {
		return io.ReadAll(resp.Body)
	}
	body := make([]byte, resp.ContentLength)
	_, err := io.ReadFull(resp.Body, body)
	return body, err
}

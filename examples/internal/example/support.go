package example

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// ReadSupport reads the support access by Client.Do, which serves every endpoint that has no method of its own. Its
// version is 0 when there is none yet. Its statements can be sent again.
func ReadSupport(ctx context.Context, client *m3teraccess.Client) (*m3teraccess.Support, error) {
	path := "/organizations/" + url.PathEscape(client.OrganizationID()) + "/support"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req) // has read the body, so there is nothing to close
	if err != nil {
		return nil, err
	}
	support := new(m3teraccess.Support)
	switch resp.StatusCode {
	case http.StatusOK:
		if err := json.NewDecoder(resp.Body).Decode(support); err != nil {
			return nil, fmt.Errorf("reading the support access: %w", err)
		}
		support.SupportUsersPermissionPolicy = m3teraccess.Sendable(support.SupportUsersPermissionPolicy)
		return support, nil
	case http.StatusNotFound:
		return support, nil
	}
	return nil, fmt.Errorf("reading the support access: %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)) // Do makes no *m3teraccess.Error of it
}

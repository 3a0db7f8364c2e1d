package example

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// ReadSupport reads the support access by Client.Do, which serves every endpoint that has no method of its own. Its
// version is 0 when there is none yet. Its statements can be sent again.
func (s *Service) ReadSupport(ctx context.Context, client *m3teraccess.Client) (*m3teraccess.Support, error) {
	address, err := url.JoinPath(s.BaseURL, "organizations", url.PathEscape(s.OrganizationID), "support")
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
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
		makeSendable(support.SupportUsersPermissionPolicy)
		return support, nil
	case http.StatusNotFound:
		return support, nil
	}
	return nil, fmt.Errorf("reading the support access: %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)) // Do makes no *m3teraccess.Error of it
}

// makeSendable brings statements that were read by Do, and so are spelled as m3ter spells its answers, into the form
// that m3ter takes. The other methods of a Client hand them out like that.
func makeSendable(statements []m3teraccess.Statement) {
	for i, statement := range statements {
		statements[i].Effect = sendable(statement.Effect)
		for j, action := range statement.Action {
			statement.Action[j] = sendable(action)
		}
	}
}

func sendable[S ~string](value S) S {
	lower := strings.ToLower(string(value))
	if lower == string(value) {
		return value
	}
	return S(strings.ReplaceAll(lower, "_", ":"))
}

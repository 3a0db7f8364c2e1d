package m3teraccess

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// decode reads the one JSON value of an answer, of which parse knows what it must be.
func decode[T any](a *answer, parse func([]byte) (*T, error)) (*T, error) {
	if a.bodyErr != nil {
		return nil, a.bodyErr
	}
	if err := checkContentType(a.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	return parse(withoutMark(a.body))
}

// withoutMark skips a byte order mark, which some write before their JSON.
func withoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\ufeff")) }

// checkContentType lets JSON pass, and an answer that does not say what it is.
func checkContentType(value string) error {
	if value == "" || value == "application/json" {
		return nil
	}
	mediaType, _, _ := mime.ParseMediaType(value)
	if mediaType == "application/json" || strings.HasSuffix(mediaType, "+json") {
		return nil
	}
	return fmt.Errorf("the content type is %s, not JSON", quote(value))
}

func parseSupport(body []byte) (*Support, error) {
	return parseEntity(body, func(s *Support) (id string) {
		canonicalize(s.SupportUsersPermissionPolicy)
		return s.ID
	})
}

func parsePolicy(body []byte) (*PermissionPolicy, error) { return parseEntity(body, finishPolicy) }

func parsePrincipalPermission(body []byte) (*PrincipalPermission, error) {
	return parseEntity(body, func(p *PrincipalPermission) (id string) { return p.ID })
}

func parseResourceGroup(body []byte) (*ResourceGroup, error) {
	return parseEntity(body, func(g *ResourceGroup) (id string) { return g.ID })
}

// parseEntity parses what has an id. finish brings it into canonical form, and returns the id.
func parseEntity[T any](body []byte, finish func(*T) (id string)) (*T, error) {
	entity := new(T)
	if err := unmarshal(body, entity); err != nil {
		return nil, err
	}
	if finish(entity) == "" {
		return nil, errors.New("the body has no id")
	}
	return entity, nil
}

// unmarshal keeps the text of an error only: its types are those of one release of Go.
func unmarshal(body []byte, into any) error {
	if err := strictjson.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the body is not what the document declares: %v", err)
	}
	return nil
}

func finishPolicy(p *PermissionPolicy) (id string) {
	canonicalize(p.PermissionPolicy)
	return p.ID
}

// parsePage parses the answer to UserPermissions in any of its three shapes: a page, one policy, or a bare list. The
// published document declares one policy and describes a list; the service's other lists are pages.
func parsePage(body []byte) (*PermissionPolicyPage, error) {
	page, err := parseShape(body)
	if err != nil {
		return nil, err
	}
	for i := range page.Data {
		if finishPolicy(&page.Data[i]) == "" {
			return nil, fmt.Errorf("policy %d of the page has no id", i)
		}
	}
	return page, nil
}

func parseShape(body []byte) (*PermissionPolicyPage, error) {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		page := new(PermissionPolicyPage)
		return page, unmarshal(body, &page.Data)
	}
	var either struct {
		PermissionPolicyPage
		PermissionPolicy
	}
	if err := unmarshal(body, &either); err != nil {
		return nil, err
	}
	page := &either.PermissionPolicyPage
	if page.Data == nil && either.ID != "" {
		page.Data = []PermissionPolicy{either.PermissionPolicy}
	}
	if page.Data != nil {
		return page, nil
	}
	// An empty page may say null; an object that says nothing of data is something else.
	var says struct {
		Data json.RawMessage `json:"data"`
	}
	if err := unmarshal(body, &says); err != nil {
		return nil, err
	}
	if says.Data == nil {
		return nil, errors.New("the body is neither a page, with data, nor a policy, with an id")
	}
	return page, nil
}

package m3teraccess

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"
)

// decode reads the one JSON value of an answer, and lets finish check it.
func decode[T any](a *answer, finish func(*T) error) (*T, error) {
	if a.bodyErr != nil {
		return nil, a.bodyErr
	}
	if err := checkContentType(a.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	result := new(T)
	if err := json.Unmarshal(a.body, result); err != nil {
		return nil, fmt.Errorf("the body is not what the document declares: %w", err)
	}
	if err := finish(result); err != nil {
		return nil, err
	}
	return result, nil
}

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

var errNoID = errors.New("the body has no id")

func requireID(id string) error {
	if id == "" {
		return errNoID
	}
	return nil
}

func finishSupport(s *Support) error {
	canonicalize(s.SupportUsersPermissionPolicy)
	return requireID(s.ID)
}

func finishPolicy(p *PermissionPolicy) error {
	canonicalize(p.PermissionPolicy)
	return requireID(p.ID)
}

func finishPrincipalPermission(p *PrincipalPermission) error { return requireID(p.ID) }

func finishResourceGroup(g *ResourceGroup) error { return requireID(g.ID) }

// A permissionsAnswer is the answer to UserPermissions in any of its three shapes: a page, one policy, or a bare list.
// The published document declares one policy and describes a list; the service's other lists are pages.
type permissionsAnswer struct{ page PermissionPolicyPage }

func (p *permissionsAnswer) UnmarshalJSON(body []byte) error {
	if body[0] == '[' { // the decoder hands over a value without the space around it
		return json.Unmarshal(body, &p.page.Data)
	}
	var either struct {
		PermissionPolicyPage
		PermissionPolicy
	}
	if err := json.Unmarshal(body, &either); err != nil {
		return err
	}
	p.page = either.PermissionPolicyPage
	if p.page.Data != nil {
		return nil
	}
	if either.ID != "" {
		p.page.Data = []PermissionPolicy{either.PermissionPolicy}
		return nil
	}
	// An empty page may say null; an object that says nothing of data is something else.
	var names map[string]json.RawMessage
	if err := json.Unmarshal(body, &names); err != nil {
		return err
	}
	if _, ok := names["data"]; !ok {
		return errors.New("it is neither a page, with data, nor a policy, with an id")
	}
	return nil
}

func finishPermissions(p *permissionsAnswer) error {
	for i := range p.page.Data {
		if err := finishPolicy(&p.page.Data[i]); err != nil {
			return fmt.Errorf("policy %d of the page: %w", i, err)
		}
	}
	return nil
}

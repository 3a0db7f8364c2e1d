package m3teraccess

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// decode reads the one JSON value of an answer, and brings it into the form of requests.
func decode[Answer any](a *answer, finish func(*Answer) string) (*Answer, error) {
	if a.bodyErr != nil {
		return nil, a.bodyErr
	}
	if err := checkContentType(a.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	result := new(Answer)
	if err := unmarshalAnswer(a.body, result); err != nil {
		return nil, err
	}
	if lacks := finish(result); lacks != "" {
		return nil, fmt.Errorf("the body has no %s", lacks)
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
	return fmt.Errorf("the content type is %s, not JSON", gen.Quote(value))
}

func unmarshalAnswer(body []byte, into any) error {
	if page, ok := into.(*PermissionPolicyPage); ok {
		return unmarshalPage(body, page)
	}
	return unmarshal(body, into)
}

func unmarshal(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the body is not what the document declares: %w", err)
	}
	return nil
}

// unmarshalPage reads any of the three shapes of a page: the page itself, one policy, or a bare list. The published
// document declares one policy and describes a list; the service's other lists are pages.
func unmarshalPage(body []byte, page *PermissionPolicyPage) error {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		return unmarshal(body, &page.Data)
	}
	var either struct {
		PermissionPolicyPage
		PermissionPolicy
	}
	if err := unmarshal(body, &either); err != nil {
		return err
	}
	*page = either.PermissionPolicyPage
	if page.Data == nil && either.ID != "" {
		page.Data = []PermissionPolicy{either.PermissionPolicy}
	}
	if page.Data != nil {
		return nil
	}
	// An empty page may say null; an object that says nothing of data is something else.
	var says struct{ Data json.RawMessage }
	if err := unmarshal(body, &says); err != nil {
		return err
	}
	if says.Data == nil {
		return errors.New("the body is neither a page, with data, nor a policy, with an id")
	}
	return nil
}

package m3teraccess

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"
)

// maxValues is more than the number of values in any real response. In memory, a value may take 100 times the size of
// its text.
const maxValues = 100_000

// decode reads the one JSON value of a response, and converts effects and actions to lower case.
func decode[Answer any](a *answer, finish func(*Answer) string) (*Answer, error) {
	if err := checkContentType(a.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	body := withoutMark(a.body)
	if bytes.Count(body, []byte("{"))+bytes.Count(body, []byte(",")) > maxValues {
		return nil, fmt.Errorf("the response body has more than %d values", maxValues)
	}
	if string(bytes.TrimSpace(body)) == "null" {
		return nil, errors.New("the response body is null")
	}
	result := new(Answer)
	if err := unmarshalAnswer(body, result); err != nil {
		return nil, err
	}
	if lacks := finish(result); lacks != "" {
		return nil, fmt.Errorf("the response body has no %s", lacks)
	}
	return result, nil
}

// checkContentType accepts JSON, and a response without a content type.
func checkContentType(value string) error {
	if value == "" || value == "application/json" {
		return nil
	}
	mediaType, _, _ := mime.ParseMediaType(value)
	if mediaType == "application/json" || strings.HasSuffix(mediaType, "+json") {
		return nil
	}
	return &quotingError{`the content type is "`, value, `", not JSON`}
}

// unmarshalAnswer decodes a response body. It accepts a page in any of its shapes.
func unmarshalAnswer(body []byte, into any) error {
	switch into := into.(type) {
	case interface{ unmarshal([]byte) error }:
		return into.unmarshal(body)
	case *PermissionPolicyPage:
		return (*page[PermissionPolicy])(into).unmarshal(body)
	}
	return unmarshal(body, into)
}

package m3teraccess

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// maxValues is more than any real answer holds. A value may take a hundred times the memory of its text.
const maxValues = 100_000

// decode reads the one JSON value of an answer, and brings it into the form of requests.
func decode[Answer any](a *answer, finish func(*Answer) string) (*Answer, error) {
	if err := checkContentType(a.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	body := withoutMark(a.body)
	if bytes.Count(body, []byte("{"))+bytes.Count(body, []byte(",")) > maxValues {
		return nil, fmt.Errorf("the body holds more than %d values", maxValues)
	}
	if string(bytes.TrimSpace(body)) == "null" {
		return nil, errors.New("the body is null")
	}
	result := new(Answer)
	if err := unmarshalAnswer(body, result); err != nil {
		return nil, err
	}
	if lacks := finish(result); lacks != "" {
		return nil, fmt.Errorf("the body has no %s", lacks)
	}
	return result, nil
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
	return &quotingError{`the content type is "`, value, `", not JSON`}
}

// A quotingError is about an answer, in words of ours around some from outside.
type quotingError struct{ before, outside, after string }

func (e *quotingError) Error() string { return e.before + e.outside + e.after }

// unmarshalAnswer reads pages in any of their shapes.
func unmarshalAnswer(body []byte, into any) error {
	switch into := into.(type) {
	case interface{ unmarshal([]byte) error }:
		return into.unmarshal(body)
	case *PermissionPolicyPage:
		return (*page[PermissionPolicy])(into).unmarshal(body)
	}
	return unmarshal(body, into)
}

// unmarshal keeps the text of an error only: its types are those of one release of Go.
func unmarshal(body []byte, into any) error {
	if err := strictjson.Unmarshal(body, into); err != nil {
		return &quotingError{"the body is not what the document declares: ", err.Error(), ""}
	}
	return nil
}

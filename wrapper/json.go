package m3teraccess

import (
	"bytes"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// A quotingError is an error about a response. It quotes part of the response, which may need redaction.
type quotingError struct{ before, outside, after string }

func (e *quotingError) Error() string { return e.before + e.outside + e.after }

// withoutMark removes a byte order mark, which some servers write before JSON.
func withoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\ufeff")) }

// unmarshal keeps only the text of an error, because the error types differ between Go releases.
func unmarshal(body []byte, into any) error {
	if err := strictjson.Unmarshal(body, into); err != nil {
		return &quotingError{"the response does not match the API schema: ", err.Error(), ""}
	}
	return nil
}

// messageOf returns the message in the body of an error response. It returns "" if the body has no message, for example
// if the body is an HTML page from a proxy.
func messageOf(body []byte) string {
	const longest = 64 << 10 // a longer response body is not just a message
	var content struct {
		Message any `json:"message"`
	}
	if len(body) > longest || strictjson.Unmarshal(withoutMark(body), &content) != nil {
		return ""
	}
	list, isList := content.Message.([]any)
	if !isList {
		list = []any{content.Message}
	}
	var texts []string
	for _, entry := range list {
		if text, ok := entry.(string); ok {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

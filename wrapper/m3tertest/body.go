package m3tertest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// checked refuses queries and bodies that api/openapi.yaml forbids. It checks the JSON of a body, because the Go types
// of the request don't distinguish between a null, an absent and a zero member.
func (s *Server) checked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := s.operation(r)
		if op.query != nil {
			address, given := withoutEmpty(r.URL)
			if err := op.query("the query", given); err != nil {
				writeError(w, err)
				return
			}
			r.URL = address
		}
		if op.body != nil {
			value, err := decode(r)
			if err == nil {
				err = op.body("the body", value)
			}
			if err != nil {
				writeError(w, err)
				return
			}
			r.Body = checkedBody{r.Body, value}
		}
		next.ServeHTTP(w, r)
	})
}

// withoutEmpty returns the URL without its empty query parameters, which m3ter accepts, and a map of the other
// parameters.
func withoutEmpty(u *url.URL) (*url.URL, map[string]any) {
	query, given := u.Query(), make(map[string]any)
	for name := range query {
		if value := query.Get(name); value != "" {
			given[name] = value
		} else {
			query.Del(name)
		}
	}
	address := *u
	address.RawQuery = query.Encode()
	return &address, given
}

// checkedBody makes the generated server decode the value that was checked: see runtime.BindJSONBody. If the server
// decoded the text, it would also accept "NAME" for "name".
type checkedBody struct {
	io.ReadCloser
	value any
}

// ValidatedValue implements the interface of runtime.BindJSONBody.
func (b checkedBody) ValidatedValue() any { return b.value }

func decode(r *http.Request) (any, error) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return nil, refuse(http.StatusUnsupportedMediaType, "the Content-Type must be application/json, not %q", r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = strictjson.Unmarshal(body, new(json.RawMessage))
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body can't be read as JSON: %v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // a version is an int64, and a float64 can't hold every int64
	var value any
	return value, decoder.Decode(&value)
}

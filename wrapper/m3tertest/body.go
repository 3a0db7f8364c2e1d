package m3tertest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

// bodies has what api/openapi.yaml demands of the body of each operation that takes one. version stands last, since
// only a body that is right otherwise may be answered with a conflict.
var bodies = map[string]check{
	"RequestSupport": object(
		required("dtEndSupportUsersAccess", dateTime),
		optional("supportUsersPermissionPolicy", list(0, statement)),
		optional("version", version),
	),
	"CreatePermissionPolicy": object(
		required("name", text(1, 100)),
		required("permissionPolicy", list(1, statement)),
		optional("version", notOnCreate),
	),
	"AddPermissionPolicyToUser": object(
		required("principalId", text(1, unbounded)),
		optional("version", version),
	),
	"RemoveResource": object(
		required("targetId", text(1, unbounded)),
		required("targetType", targetType),
		optional("version", version),
	),
}

var statement = object(
	required("effect", lowerCase),
	required("action", list(0, lowerCase)),
	required("resource", list(1, text(0, unbounded))),
)

// checked refuses bodies that api/openapi.yaml forbids. It looks at the JSON, since the Go types of the request
// don't tell null, absent and zero apart.
func (s *Server) checked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if check, ok := bodies[s.operation(r)]; ok {
			value, err := decode(r)
			if err == nil {
				err = check("the body", value)
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

// checkedBody has the generated server take its request from the value that was checked; see runtime.BindJSONBody.
// From the text it would also take "NAME" for "name".
type checkedBody struct {
	io.ReadCloser
	value any
}

// ValidatedValue is what runtime.BindJSONBody asks for.
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
		return nil, refuse(http.StatusBadRequest, "the body is not JSON: %v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // a version is an int64, of which a float64 loses digits
	var value any
	return value, decoder.Decode(&value)
}

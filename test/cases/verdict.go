package cases

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

var router = sync.OnceValue(func() routers.Router { return must(gorillamux.NewRouter(Document())) })

var validation = &openapi3filter.Options{
	AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
	IncludeResponseStatus:   true,
	SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()},
}

// CheckRequest checks a request against the document; body is its body.
func CheckRequest(req *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	req = req.Clone(context.Background())
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.ContentLength = int64(len(body))
	route, params, err := router().FindRoute(req)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: validation}
	return input, openapi3filter.ValidateRequest(context.Background(), input)
}

// CheckAnswer checks the response to a request against the document.
func CheckAnswer(request *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	// kin-openapi accepts some redirects unchecked.
	if request.Route.Operation.Responses.Status(status) == nil {
		return fmt.Errorf("the status %d is not declared", status)
	}
	input := &openapi3filter.ResponseValidationInput{RequestValidationInput: request, Status: status, Header: header, Options: validation}
	return openapi3filter.ValidateResponse(context.Background(), input.SetBodyBytes(body))
}

// Forbids returns the reason why the document forbids the query or the body of a case; nil if the document allows both.
func (o Operation) Forbids(c Case) error {
	req := httptest.NewRequest(o.Method, "http://localhost"+Fill(o.Path, o.Examples()...)+"?"+c.Query, nil)
	req.Header.Set("Content-Type", "application/json")
	_, err := CheckRequest(req, []byte(c.Body))
	return err
}

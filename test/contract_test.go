package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/m3ter-access/m3ter-access-go/gen/spec"
)

// document is api/openapi.yaml as it is embedded, and a router over its paths, below whatever base URL.
var document = sync.OnceValues(func() (*openapi3.T, routers.Router) {
	doc, err := spec.GetSpec()
	if err != nil {
		panic(err)
	}
	doc.Servers = nil
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return doc, router
})

var validation = &openapi3filter.Options{
	AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
	IncludeResponseStatus:   true,
	SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()},
}

// checkRequest tells what the document says of a request; body is its body.
func checkRequest(req *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	req = req.Clone(context.Background())
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.ContentLength = int64(len(body))
	_, router := document()
	route, params, err := router.FindRoute(req)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: validation}
	return input, openapi3filter.ValidateRequest(context.Background(), input)
}

// checkAnswer tells what the document says of an answer to a request.
func checkAnswer(request *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	// kin-openapi lets some redirects pass without a look.
	if request.Route.Operation.Responses.Status(status) == nil {
		return fmt.Errorf("the status %d is not declared", status)
	}
	input := &openapi3filter.ResponseValidationInput{RequestValidationInput: request, Status: status, Header: header, Options: validation}
	return openapi3filter.ValidateResponse(context.Background(), input.SetBodyBytes(body))
}

// breaksContract is the header with which a test marks an answer that the document forbids. An answer without it must
// keep to the document, one with it must not. The client never sees it.
const breaksContract = "Test-Breaks-Contract"

// A contract is a transport that holds all that passes through it against the document.
type contract struct {
	t    testing.TB
	base http.RoundTripper
}

func (c *contract) RoundTrip(req *http.Request) (*http.Response, error) {
	req, body := withBody(req)
	request, err := checkRequest(req, body)
	if err != nil {
		if errors.As(err, new(*routers.RouteError)) && isBesideDocument(req) {
			return c.base.RoundTrip(req)
		}
		c.t.Errorf("the document forbids the request %s %s %s: %v", req.Method, req.URL, body, err)
		return nil, err
	}
	resp, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	marked := resp.Header.Get(breaksContract) != ""
	resp.Header.Del(breaksContract)
	header := resp.Header.Clone()
	resp.Body = &judgedBody{ReadCloser: resp.Body, judge: func(body []byte, ended error) {
		verdict := ended
		if req.Context().Err() != nil || errors.Is(ended, context.Canceled) || errors.Is(ended, context.DeadlineExceeded) {
			return // whoever asked left; the answer is not to blame
		}
		if ended == io.EOF {
			verdict = checkAnswer(request, resp.StatusCode, header, body)
		}
		switch {
		case verdict != nil && !marked:
			c.t.Errorf("the document forbids the answer to %s %s, and it isn't marked: %d %s: %v", req.Method, req.URL, resp.StatusCode, body, verdict)
		case verdict == nil && marked:
			c.t.Errorf("the document allows the answer to %s %s, though it is marked: %d %s", req.Method, req.URL, resp.StatusCode, body)
		}
	}}
	return resp, nil
}

// isBesideDocument tells whether a request is for one of the endpoints that the fake serves beside those of the
// document.
func isBesideDocument(req *http.Request) bool {
	known := []string{
		"POST /oauth/token",
		"GET /organizations/{orgId}/support",
		"GET /organizations/{orgId}/resourcegroups/{type}/{resourceGroupId}",
	}
	mux := http.NewServeMux()
	for _, pattern := range known {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	_, pattern := mux.Handler(req)
	return slices.Contains(known, pattern)
}

// withBody returns a copy of a request whose body was read, and the body.
func withBody(req *http.Request) (*http.Request, []byte) {
	copied := req.Clone(req.Context())
	if req.Body == nil {
		return copied, nil
	}
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(fmt.Sprintf("the body of a request can't be read: %v", err))
	}
	copied.Body = io.NopCloser(bytes.NewReader(body))
	return copied, body
}

// A judgedBody has what was read of it judged when it is closed.
type judgedBody struct {
	io.ReadCloser
	read  bytes.Buffer
	ended error
	once  sync.Once
	judge func(body []byte, ended error)
}

var errNotReadToEnd = errors.New("it was not read to its end")

func (b *judgedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Write(p[:n])
	b.ended = err
	return n, err
}

func (b *judgedBody) Close() error {
	b.once.Do(func() {
		if b.ended == nil {
			b.ended = errNotReadToEnd
		}
		b.judge(b.read.Bytes(), b.ended)
	})
	return b.ReadCloser.Close()
}

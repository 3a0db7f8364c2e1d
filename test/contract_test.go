package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/routers"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
)

// invalidMark is the header with which a test marks a response that the document forbids. A response without it must
// match the document, and a response with it must not. The client never sees the header.
const invalidMark = "Test-Breaks-Contract"

// A contract is a transport that compares each request and response with the document.
type contract struct {
	t    testing.TB
	base http.RoundTripper
}

func (c *contract) RoundTrip(req *http.Request) (*http.Response, error) {
	req, body := withBody(req)
	request, err := cases.CheckRequest(req, body)
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
	marked := resp.Header.Get(invalidMark) != ""
	resp.Header.Del(invalidMark)
	header := resp.Header.Clone()
	resp.Body = &judgedBody{ReadCloser: resp.Body, judge: func(body []byte, ended error) {
		verdict := ended
		if req.Context().Err() != nil || errors.Is(ended, context.Canceled) || errors.Is(ended, context.DeadlineExceeded) {
			return // the call has ended, so the response may be incomplete
		}
		if ended == io.EOF {
			verdict = cases.CheckAnswer(request, resp.StatusCode, header, body)
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

// isBesideDocument reports whether a request is for an endpoint that the fake serves in addition to those of the
// document.
func isBesideDocument(req *http.Request) bool {
	known := []string{
		"POST /oauth/token",
		"GET /organizations/{orgId}/support",
		"GET /organizations/{orgId}/users",
		"GET /organizations/{orgId}/resourcegroups/{type}/{resourceGroupId}",
	}
	mux := http.NewServeMux()
	for _, pattern := range known {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	_, pattern := mux.Handler(req)
	return slices.Contains(known, pattern)
}

// withBody reads the body of a request, and returns a copy of the request and the body.
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

// When a judgedBody is closed, it calls judge with the bytes that were read.
type judgedBody struct {
	io.ReadCloser
	mu    sync.Mutex // Close and Read may be concurrent
	read  bytes.Buffer
	ended error
	once  sync.Once
	judge func(body []byte, ended error)
}

var errNotReadToEnd = errors.New("it was not read to its end")

func (b *judgedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read.Write(p[:n])
	b.ended = err
	return n, err
}

func (b *judgedBody) Close() error {
	b.once.Do(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.ended == nil {
			b.ended = errNotReadToEnd
		}
		b.judge(b.read.Bytes(), b.ended)
	})
	return b.ReadCloser.Close()
}

// The contract reports each violation.
func TestContractReportsViolations(t *testing.T) {
	const path = "http://localhost/organizations/o/permissionpolicies"
	const good = `{"name":"n","permissionPolicy":[{"effect":"allow","action":["all"],"resource":["*"]}]}`
	tests := []struct {
		name   string
		url    string
		body   string
		answer answer
		want   string // part of the report; "" for no report
	}{
		{"all in order", path, good, valid(200, `{"id":"p"}`), ""},
		{"a forbidden answer, marked", path, good, invalid(200, `{}`), ""},
		{"a forbidden answer", path, good, valid(200, `{}`), "the document forbids the answer"},
		{"a status that isn't declared", path, good, valid(201, `{"id":"p"}`), "the document forbids the answer"},
		{"an allowed answer, marked", path, good, invalid(200, `{"id":"p"}`), "though it is marked"},
		{"a forbidden request", path, strings.Replace(good, "all", "ALL", 1), valid(200, `{"id":"p"}`), "the document forbids the request"},
		{"a request for something else", path + "/x", good, valid(200, `{"id":"p"}`), "the document forbids the request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			complaints := &complaintsOnly{TB: t}
			client := &http.Client{Transport: &contract{complaints, viaHandler{test.answer}}}
			resp, err := client.Post(test.url, "application/json", strings.NewReader(test.body))
			if err == nil {
				readAll(t, resp)
			}
			if got := strings.Join(complaints.texts, "\n"); !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("complaints %q, want %q", got, test.want)
			}
		})
	}
}

// complaintsOnly is a testing.TB that collects errors instead of failing.
type complaintsOnly struct {
	testing.TB
	texts []string
}

func (c *complaintsOnly) Errorf(format string, args ...any) {
	c.texts = append(c.texts, fmt.Sprintf(format, args...))
}

// viaHandler is a transport that calls a handler, without a network. It works in a testing/synctest bubble.
type viaHandler struct{ http.Handler }

func (v viaHandler) RoundTrip(req *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	served := req.Clone(req.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	v.ServeHTTP(recorder, served)
	resp := recorder.Result()
	resp.Request = req
	return resp, nil
}

package m3teraccess

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// A step is what becomes of one attempt.
type step func(*http.Request) (*http.Response, error)

// A script is a transport that plays its steps, an attempt each, and then answers every call as the service would. It
// keeps what it was sent. Requests for a token don't count as attempts.
type script struct {
	steps []step
	token step // nil: a new token each time

	mu       sync.Mutex
	attempts []*http.Request
	tokens   int
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	return s.next(req)(req)
}

func (s *script) next(req *http.Request) step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasSuffix(req.URL.Path, "/oauth/token") {
		s.tokens++
		if s.token != nil {
			return s.token
		}
		return answers(200, `{"access_token":"token-`+string(rune('0'+s.tokens))+`","token_type":"Bearer","expires_in":18000}`)
	}
	s.attempts = append(s.attempts, req)
	if n := len(s.attempts); n <= len(s.steps) {
		return s.steps[n-1]
	}
	return answers(200, `{"id":"1","version":1}`)
}

// sent returns how many attempts were made.
func (s *script) sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.attempts)
}

// tokenRequests returns how many requests for a token were made.
func (s *script) tokenRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// setToken changes what the token endpoint does.
func (s *script) setToken(token step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// answers makes a step that answers with a status, a JSON body, and headers given as "Name: value".
func answers(status int, body string, headers ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		header := http.Header{"Content-Type": {"application/json"}}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			header.Set(name, value)
		}
		return &http.Response{
			StatusCode: status, Header: header, Request: req,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

// breaks makes a step of a transport that got a connection and then failed.
func breaks(err error) step { return reports(err, "GetConn", "GotConn") }

// neverLeaves makes a step of a transport whose only dial failed.
func neverLeaves(err error) step { return reports(err, "GetConn", "ConnectStart", "ConnectDone error") }

// reports makes a step of a transport that has these events traced, and then fails.
func reports(err error, events ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GetConn != nil {
			for _, event := range events {
				report(trace, event, err)
			}
		}
		return nil, err
	}
}

// report reports an event, with the failure where it is one.
func report(trace *httptrace.ClientTrace, event string, failure error) {
	switch event {
	case "GetConn":
		trace.GetConn("m3ter:443")
	case "GotConn":
		trace.GotConn(httptrace.GotConnInfo{})
	case "DNSDone error":
		trace.DNSDone(httptrace.DNSDoneInfo{Err: failure})
	case "DNSDone":
		trace.DNSDone(httptrace.DNSDoneInfo{})
	case "ConnectStart":
		trace.ConnectStart("tcp", "m3ter:443")
	case "ConnectDone error":
		trace.ConnectDone("tcp", "m3ter:443", failure)
	case "ConnectDone":
		trace.ConnectDone("tcp", "m3ter:443", nil)
	case "TLSHandshakeDone error":
		trace.TLSHandshakeDone(tls.ConnectionState{}, failure)
	case "WroteRequest":
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	case "WroteRequest error":
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: failure})
	default:
		panic(event)
	}
}

// foreign makes a step of a transport that reports nothing, delivers, and then fails.
func foreign(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// hangs is a step that never answers, and at the end speaks of the cause, as net/http does.
func hangs(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, context.Cause(req.Context())
}

// cut is a step whose answer breaks off.
func cut(req *http.Request) (*http.Response, error) {
	resp, err := answers(200, `{"id":"1",`)(req)
	resp.Body = io.NopCloser(io.MultiReader(resp.Body, brokenReader{}))
	resp.ContentLength = 100
	return resp, err
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// newScripted makes a client whose transport is the script.
func newScripted(t *testing.T, s *script, opts ...Option) *Client {
	t.Helper()
	opts = append([]Option{
		WithCredentials("key", "the-secret"),
		WithOrganization("org"),
		WithBaseURL("https://m3ter.test"),
		WithHTTPClient(&http.Client{Transport: s}),
	}, opts...)
	client, err := NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// A method is one of the client's, called with something valid. These are samples: package test calls all there are. What
// it reads the document with must not be imported here, since go mod tidy looks into the tests of what a user imports.
type method struct {
	name   string
	isRead bool
	call   func(context.Context, *Client) error
}

var methods = []method{
	{"RequestSupport", false, func(ctx context.Context, c *Client) error {
		_, err := c.RequestSupport(ctx, SupportRequest{EndSupportUsersAccess: time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC), Version: 3})
		return err
	}},
	{"CreatePermissionPolicy", false, func(ctx context.Context, c *Client) error {
		_, err := c.CreatePermissionPolicy(ctx, PermissionPolicyRequest{Name: "readers", PermissionPolicy: []Statement{Allow(ConfigRetrieve).On("config:*")}})
		return err
	}},
	{"AddPermissionPolicyToUser", false, func(ctx context.Context, c *Client) error {
		_, err := c.AddPermissionPolicyToUser(ctx, "policy", PrincipalPermissionRequest{PrincipalID: "user"})
		return err
	}},
	{"UserPermissionsPage", true, func(ctx context.Context, c *Client) error {
		_, err := c.UserPermissionsPage(ctx, "user", PageParams{})
		return err
	}},
	{"RemoveResource", false, func(ctx context.Context, c *Client) error {
		_, err := c.RemoveResource(ctx, "meter", "group", ResourceGroupItemRequest{TargetID: "meter-1", TargetType: TargetItem})
		return err
	}},
}

var withToken1 = WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token-1"}))

// A nilSource is a token source that needs more than nil.
type nilSource struct{ token oauth2.Token }

func (s *nilSource) Token() (*oauth2.Token, error) { return &s.token, nil }

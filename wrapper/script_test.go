package m3teraccess

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// A step is the outcome of one attempt.
type step func(*http.Request) (*http.Response, error)

func (s step) RoundTrip(req *http.Request) (*http.Response, error) { return s(req) }

// A script is a transport that plays one step per attempt, and then succeeds. Token requests are not attempts.
type script struct {
	steps    []step
	token    step          // of the token endpoint; nil: a new access token each time
	lifetime string        // of new access tokens, in seconds; "": 18000
	delay    time.Duration // of new access tokens

	mu       sync.Mutex
	attempts []*http.Request
	bodies   []string     // of the attempts
	tokens   atomic.Int64 // token requests
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := cmp.Or[io.ReadCloser](req.Body, http.NoBody)
	body, err := io.ReadAll(sent)
	if err != nil {
		return nil, err
	}
	sent.Close()
	return s.next(req, string(body))(req)
}

func (s *script) next(req *http.Request, body string) step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasSuffix(req.URL.Path, "/oauth/token") {
		n := s.tokens.Add(1)
		if s.token != nil {
			return s.token
		}
		token := fmt.Sprintf(`{"access_token":"token-%d","token_type":"Bearer","expires_in":%s}`, n, cmp.Or(s.lifetime, "18000"))
		return slowly(s.delay, answers(200, token))
	}
	s.attempts, s.bodies = append(s.attempts, req), append(s.bodies, body)
	if n := len(s.attempts); n <= len(s.steps) {
		return s.steps[n-1]
	}
	return answers(200, `{"id":"1","version":1}`)
}

func (s *script) setToken(token step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// answers makes a step that returns a response with a status, a JSON body and headers, each written as "Name: value".
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

// always makes a step for each of many attempts.
func always(then step) []step { return slices.Repeat([]step{then}, 1000) }

// breaks makes a step of a transport that gets a connection and then fails.
func breaks(err error) step { return after("GetConn, GotConn", nil, foreign(err)) }

const failedDial = "GetConn, ConnectStart, ConnectDone error"

// neverLeaves makes a step of a transport whose only dial fails.
func neverLeaves(err error) step { return after(failedDial, err, foreign(err)) }

// after makes a step that traces events before another step. Events that end in "error" get the failure.
func after(trace string, failure error, then step) step {
	return func(req *http.Request) (*http.Response, error) {
		if client := httptrace.ContextClientTrace(req.Context()); client != nil && client.GetConn != nil && trace != "" {
			for event := range strings.SplitSeq(trace, ", ") {
				name, failed := strings.CutSuffix(event, " error")
				events[name](client, map[bool]error{true: failure}[failed])
			}
		}
		return then(req)
	}
}

var events = map[string]func(*httptrace.ClientTrace, error){
	"GetConn":          func(c *httptrace.ClientTrace, _ error) { c.GetConn("m3ter:443") },
	"GotConn":          func(c *httptrace.ClientTrace, _ error) { c.GotConn(httptrace.GotConnInfo{}) },
	"DNSDone":          func(c *httptrace.ClientTrace, err error) { c.DNSDone(httptrace.DNSDoneInfo{Err: err}) },
	"ConnectStart":     func(c *httptrace.ClientTrace, _ error) { c.ConnectStart("tcp", "m3ter:443") },
	"ConnectDone":      func(c *httptrace.ClientTrace, err error) { c.ConnectDone("tcp", "m3ter:443", err) },
	"TLSHandshakeDone": func(c *httptrace.ClientTrace, err error) { c.TLSHandshakeDone(tls.ConnectionState{}, err) },
	"WroteRequest":     func(c *httptrace.ClientTrace, err error) { c.WroteRequest(httptrace.WroteRequestInfo{Err: err}) },
}

func slowly(d time.Duration, then step) step {
	return func(req *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return then(req)
	}
}

// foreign makes a step of a transport that traces nothing and fails.
func foreign(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// hangs is a step without a response. It returns the cause of the context when the context is done, as net/http does.
func hangs(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, context.Cause(req.Context())
}

// cut is a step whose response breaks off.
var cut = changed(answers(200, `{"id":"1",`), func(resp *http.Response) {
	resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	resp.ContentLength = 100
})

func changed(from step, change func(*http.Response)) step {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := from(req)
		change(resp)
		return resp, err
	}
}

// newScripted makes a client that sends through the script.
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

// A method is a method of the client, with a valid call. These are samples: package test calls all methods. Don't
// import a reader of the OpenAPI document: go mod tidy looks into the tests of a user's imports.
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

var requestSupport, createPolicy, userPermissionsPage = methods[0], methods[1], methods[3]

func doWrite(t *testing.T, client *Client) error { return requestSupport.call(t.Context(), client) }

func doRead(t *testing.T, client *Client) error { return userPermissionsPage.call(t.Context(), client) }

// succeeds fails a test in a bubble unless a read succeeds after exactly the given time.
func succeeds(t *testing.T, client *Client, after time.Duration) {
	t.Helper()
	start := time.Now()
	if err := doRead(t, client); err != nil || time.Since(start) != after {
		t.Fatalf("%v after %v, want a success after %v", err, time.Since(start), after)
	}
}

// bubbled makes a test run in a bubble of testing/synctest.
func bubbled(test func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

func newRequest(t *testing.T, method, address string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

var (
	withToken1 = WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token-1"}))
	onceOnly   = WithRetry(RetryPolicy{MaxAttempts: 1})
	atOnce     = WithRetry(RetryPolicy{MinBackoff: 1, MaxBackoff: 1})
)

type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

var unlimited = limiterFunc(func(ctx context.Context) error { return ctx.Err() })

type sourceFunc func() (*oauth2.Token, error)

func (f sourceFunc) Token() (*oauth2.Token, error) { return f() }

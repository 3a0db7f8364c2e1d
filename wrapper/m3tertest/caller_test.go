package m3tertest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A caller sends requests to a fake, and fails the test if it gets no response.
type caller struct {
	t      *testing.T
	fake   *m3tertest.Server
	client *http.Client
	header http.Header
}

// transports start a fake and reach it with a valid access token: over pipes, over sockets, and as the handler of
// another server.
var transports = map[string]func(*testing.T) *caller{
	"in memory": func(t *testing.T) *caller { return inMemory(t) },
	"loopback": func(t *testing.T) *caller {
		fake := m3tertest.NewServer()
		t.Cleanup(fake.Close)
		return newCaller(t, fake, &http.Client{Transport: &http.Transport{}})
	},
	"mounted": func(t *testing.T) *caller {
		fake := m3tertest.NewServer(m3tertest.InMemory())
		host := httptest.NewServer(fake)
		t.Cleanup(host.Close)
		fake.URL = host.URL
		return newCaller(t, fake, host.Client())
	},
}

func inMemory(t *testing.T, opts ...m3tertest.Option) *caller {
	fake := m3tertest.NewServer(append(opts, m3tertest.InMemory())...)
	t.Cleanup(fake.Close)
	fake.URL = "http://api.m3ter.example:8443" // the client reaches the fake at any host
	return newCaller(t, fake, fake.Client())
}

func newCaller(t *testing.T, fake *m3tertest.Server, client *http.Client) *caller {
	c := &caller{t, fake, client, http.Header{"Content-Type": {"application/json"}}}
	c.authenticate()
	return c
}

func (c *caller) authenticate() {
	c.t.Helper()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	c.requestToken(c.fake.APIKey, c.fake.APISecret, "application/json", grantBody).into(http.StatusOK, &token)
	c.header.Set("Authorization", "Bearer "+token.AccessToken)
}

const grantBody = `{"grant_type":"client_credentials"}`

func (c *caller) requestToken(key, secret, contentType, body string) response {
	c.t.Helper()
	r := c.request("POST", "/oauth/token", body)
	r.SetBasicAuth(key, secret)
	r.Header.Set("Content-Type", contentType)
	return c.send(r)
}

// call sends a request of an operation for the fake's organization.
func (c *caller) call(op gen.Operation, body string, values ...string) response {
	c.t.Helper()
	return c.doAt(op.Method, c.path(op, values...), body)
}

var placeholder = regexp.MustCompile(`{\w+}`)

// path returns the path of an operation. The fake's organization and the escaped values replace its {names}.
func (c *caller) path(op gen.Operation, values ...string) string {
	values = append([]string{c.fake.OrganizationID}, values...)
	return placeholder.ReplaceAllStringFunc(op.Path, func(string) string {
		value := values[0]
		values = values[1:]
		return value
	})
}

// do sends a request for the fake's organization.
func (c *caller) do(method, path, body string) response {
	c.t.Helper()
	return c.doAt(method, "/organizations/"+c.fake.OrganizationID+path, body)
}

func (c *caller) doAt(method, path, body string) response {
	c.t.Helper()
	return c.send(c.request(method, path, body))
}

func (c *caller) request(method, path, body string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequest(method, c.fake.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = c.header.Clone()
	return r
}

func (c *caller) send(r *http.Request) response {
	c.t.Helper()
	a, err := c.attempt(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// attempt sends a request that may fail. If the connection breaks in the response body, attempt returns its beginning.
func (c *caller) attempt(r *http.Request) (response, error) {
	resp, err := c.client.Do(r)
	if err != nil {
		return response{t: c.t}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(http.MaxBytesReader(nil, resp.Body, 1<<20))
	return response{c.t, resp.StatusCode, resp.Header, string(body)}, err
}

// last returns the last request in the record of the fake.
func (c *caller) last() m3tertest.Request {
	requests := c.fake.Requests()
	return requests[len(requests)-1]
}

// arrive waits until the fake has recorded a request in addition to the token request, and the status of its response.
func (c *caller) arrive(status int) {
	for len(c.fake.Requests()) < 2 || c.last().Status != status {
		runtime.Gosched()
	}
}

const linkBody = `{"principalId":"user"}`

// link adds a user and a policy to the fake, and returns a request that adds the policy to the user.
func (c *caller) link() *http.Request {
	c.fake.AddUser("user")
	c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "p"})
	return c.request("POST", c.path(gen.AddPermissionPolicyToUser.Operation, "p"), linkBody)
}

type response struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// into checks the status and decodes the body.
func (a response) into(status int, v any) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
}

// refused checks the status and looks for a text in the JSON message.
func (a response) refused(status int, text string) {
	a.t.Helper()
	var body gen.ErrorMessage
	a.into(status, &body)
	if got := a.header.Get("Content-Type"); got != "application/json" {
		a.t.Errorf("Content-Type %q", got)
	}
	if body.Message == "" || !strings.Contains(body.Message, text) {
		a.t.Errorf("message %q does not say %q", body.Message, text)
	}
}

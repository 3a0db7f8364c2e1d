package m3tertest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A caller sends requests to a fake, and fails the test when there is no answer.
type caller struct {
	t      *testing.T
	fake   *m3tertest.Server
	client *http.Client
	header http.Header
}

// inMemory is a caller with a valid token, over pipes to a fake of its own.
func inMemory(t *testing.T, opts ...m3tertest.Option) *caller {
	fake := m3tertest.NewServer(append(opts, m3tertest.InMemory())...)
	t.Cleanup(fake.Close)
	return newCaller(t, fake, fake.Client())
}

// overLoopback is a caller with a valid token, over sockets to a fake of its own.
func overLoopback(t *testing.T, opts ...m3tertest.Option) *caller {
	fake := m3tertest.NewServer(opts...)
	t.Cleanup(fake.Close)
	return newCaller(t, fake, &http.Client{Transport: &http.Transport{}})
}

// mounted is a caller with a valid token, over sockets to a server of which a fake of its own is the handler.
func mounted(t *testing.T, opts ...m3tertest.Option) *caller {
	fake := m3tertest.NewServer(append(opts, m3tertest.InMemory())...)
	host := httptest.NewServer(fake)
	t.Cleanup(host.Close)
	fake.URL = host.URL
	return newCaller(t, fake, host.Client())
}

func newCaller(t *testing.T, fake *m3tertest.Server, client *http.Client) *caller {
	c := &caller{t: t, fake: fake, client: client, header: make(http.Header)}
	c.header.Set("Content-Type", "application/json")
	c.authenticate()
	return c
}

func (c *caller) authenticate() {
	c.t.Helper()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	c.requestToken(c.fake.APIKey, c.fake.APISecret, "application/json", `{"grant_type":"client_credentials"}`).into(http.StatusOK, &token)
	c.header.Set("Authorization", "Bearer "+token.AccessToken)
}

func (c *caller) requestToken(key, secret, contentType, body string) answer {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.fake.URL+"/oauth/token", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(key, secret)
	r.Header.Set("Content-Type", contentType)
	return c.send(r)
}

// call sends a request of an operation about the fake's organization.
func (c *caller) call(op gen.Operation, body string, values ...string) answer {
	c.t.Helper()
	return c.doAt(op.Method, c.path(op, values...), body)
}

// path is that of an operation, with the fake's organization and other values, escaped already, in its {names}.
func (c *caller) path(op gen.Operation, values ...string) string {
	path := op.Path
	for _, value := range append([]string{c.fake.OrganizationID}, values...) {
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		path = before + value + after
	}
	return path
}

// do sends a request about the fake's organization.
func (c *caller) do(method, path, body string) answer {
	c.t.Helper()
	return c.doAt(method, "/organizations/"+c.fake.OrganizationID+path, body)
}

func (c *caller) doAt(method, path, body string) answer {
	c.t.Helper()
	return c.send(c.request(method, path, strings.NewReader(body)))
}

func (c *caller) request(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	r, err := http.NewRequest(method, c.fake.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = c.header.Clone()
	return r
}

func (c *caller) send(r *http.Request) answer {
	c.t.Helper()
	a, err := c.attempt(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

var errEndless = errors.New("the body goes on behind its first MiB")

// attempt sends a request that may fail. When it fails within the answer, that has what arrived.
func (c *caller) attempt(r *http.Request) (answer, error) {
	resp, err := c.client.Do(r)
	if err != nil {
		return answer{t: c.t}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && len(body) == 1<<20 {
		err = errEndless
	}
	return answer{c.t, resp.StatusCode, resp.Header, string(body)}, err
}

func (c *caller) last() m3tertest.Request {
	requests := c.fake.Requests()
	return requests[len(requests)-1]
}

type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// into demands a status, and decodes the body.
func (a answer) into(status int, v any) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
}

// refused demands a status and a JSON message with the text in it.
func (a answer) refused(status int, text string) {
	a.t.Helper()
	var body gen.ErrorMessage
	a.into(status, &body)
	if got := a.header.Get("Content-Type"); got != "application/json" {
		a.t.Errorf("Content-Type %q", got)
	}
	if body.Message == "" || !strings.Contains(body.Message, text) {
		a.t.Errorf("message %q says nothing of %q", body.Message, text)
	}
}

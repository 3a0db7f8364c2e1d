package test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// newClient makes a client that sends through base, and compares its traffic with the document. The client makes one
// attempt for each call.
func newClient(t testing.TB, base http.RoundTripper, opts ...m3teraccess.Option) *m3teraccess.Client {
	t.Helper()
	opts = append([]m3teraccess.Option{
		m3teraccess.WithHTTPClient(&http.Client{Transport: &contract{t, base}}),
		m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 1}),
	}, opts...)
	client, err := m3teraccess.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newFake starts a fake m3ter in memory, which works in a testing/synctest bubble too, and makes a client for it.
func newFake(t testing.TB, opts ...m3teraccess.Option) (*m3tertest.Server, *m3teraccess.Client) {
	t.Helper()
	fake := m3tertest.NewServer(m3tertest.InMemory())
	t.Cleanup(fake.Close)
	return fake, clientOf(t, fake, fake.Client().Transport, opts...)
}

func clientOf(t testing.TB, fake *m3tertest.Server, base http.RoundTripper, opts ...m3teraccess.Option) *m3teraccess.Client {
	t.Helper()
	return newClient(t, base, append([]m3teraccess.Option{
		m3teraccess.WithBaseURL(fake.URL),
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithOrganization(fake.OrganizationID),
	}, opts...)...)
}

func newTransport(t testing.TB) *http.Transport {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// operations returns the requests without the token requests.
func operations(requests []m3tertest.Request) []m3tertest.Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r m3tertest.Request) bool { return r.Operation == "Token" })
}

// answer describes a response of a server.
type answer struct {
	status    int
	header    map[string]string // in addition to Content-Type: application/json, or instead of it; "" removes a header
	body      string
	isInvalid bool                      // the document forbids it
	then      func(http.ResponseWriter) // called after the body is written; may be nil
}

// valid returns a response that the document allows.
func valid(status int, body string) answer { return answer{status: status, body: body} }

// invalid returns a response that the document forbids.
func invalid(status int, body string) answer {
	return answer{status: status, body: body, isInvalid: true}
}

func (a answer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for name, value := range a.header {
		if w.Header().Set(name, value); value == "" {
			w.Header()[name] = nil // otherwise net/http would guess one
		}
	}
	if a.isInvalid {
		w.Header().Set(invalidMark, "true")
	}
	if a.status != 0 { // 0 means that WriteHeader is not called
		w.WriteHeader(a.status)
	}
	_, _ = w.Write([]byte(a.body))
	if a.then != nil {
		a.then(w)
	}
}

// A server records its requests.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	received []*http.Request
	sent     []string
}

// newServer starts a server that gives the answers in order, and then the last one each time.
func newServer(t testing.TB, answers ...answer) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // an error means that the client has closed the connection
		s.mu.Lock()
		n := min(len(s.received), len(answers)-1)
		s.received, s.sent = append(s.received, r), append(s.sent, string(body))
		s.mu.Unlock()
		answers[n].ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// requests returns the requests so far.
func (s *server) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// bodies returns the bodies of the requests.
func (s *server) bodies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// client makes a client for the server: see newLocalClient.
func (s *server) client(t testing.TB, opts ...m3teraccess.Option) *m3teraccess.Client {
	t.Helper()
	return newLocalClient(t, newTransport(t), append([]m3teraccess.Option{m3teraccess.WithBaseURL(s.URL)}, opts...)...)
}

const staticToken = "static-token"

// newLocalClient makes a client that sends to http://localhost through base, with a fixed access token.
// Its organization is org.
func newLocalClient(t testing.TB, base http.RoundTripper, opts ...m3teraccess.Option) *m3teraccess.Client {
	t.Helper()
	return newClient(t, base, localOptions(opts...)...)
}

func localOptions(opts ...m3teraccess.Option) []m3teraccess.Option {
	return append([]m3teraccess.Option{
		m3teraccess.WithBaseURL("http://localhost"),
		m3teraccess.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: staticToken})),
		m3teraccess.WithOrganization("org"),
	}, opts...)
}

// A call is a method of the client with valid arguments: each path argument is the document's example, and the
// version is 1 if the request has one.
type call struct {
	cases.Call
	name  string
	write bool
	good  string // the body of a valid response
}

func (c call) do(ctx context.Context, client *m3teraccess.Client) error {
	_, err := c.Do(ctx, client)
	return err
}

var calls = func() (all []call) {
	for _, c := range cases.CallsOn(&m3teraccess.Client{}) {
		all = append(all, call{c, c.Name, c.IsWrite(), string(c.Answers()[0])})
	}
	return all
}()

// either returns err, or an error if there is both a value and an error, or neither.
func either[T any](value *T, err error) error {
	if (value == nil) == (err == nil) {
		return errors.Join(err, errors.New("there is a value and an error, or neither"))
	}
	return err
}

func supportRequest(version int64) m3teraccess.SupportRequest {
	return m3teraccess.SupportRequest{EndSupportUsersAccess: time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC), Version: version}
}

func policyRequest(actions ...m3teraccess.Action) m3teraccess.PermissionPolicyRequest {
	if actions == nil {
		actions = []m3teraccess.Action{m3teraccess.ConfigRetrieve}
	}
	return m3teraccess.PermissionPolicyRequest{
		Name:             "Meter readers",
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(actions...).On("config:meter/*")},
	}
}

// readAll reads the body of a response and closes it.
func readAll(t testing.TB, resp *http.Response) []byte {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// collect returns the entries before the first error, and the error.
func collect[T any](entries iter.Seq2[T, error]) (all []T, err error) {
	for entry, err := range entries {
		if err != nil {
			return all, err
		}
		all = append(all, entry)
	}
	return all, nil
}

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	generated "github.com/m3ter-access/m3ter-access-go/test/client"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A Peer makes the measured calls in its own way.
type Peer struct {
	Name  string
	Calls map[string]Call // by operation
}

// A Call returns the decoded response; a walk returns the number of policies.
type Call func(context.Context) (any, error)

// Operations are create (a policy), one (policy), page (of 200 policies) and walk (over 20 such pages).
var Operations = []string{"create", "one", "page", "walk"}

// Run repeats a call as a benchmark; if parallel, from as many goroutines as there are processors.
func (call Call) Run(b *testing.B, parallel bool) {
	b.ReportAllocs()
	if !parallel {
		for b.Loop() {
			call.must(b.Context())
		}
		return
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			call.must(b.Context())
		}
	})
}

func (call Call) must(ctx context.Context) {
	if _, err := call(ctx); err != nil {
		panic(err) // testing.Benchmark would drop the error
	}
}

// PeersOver returns the floor, the generated client, and this client with its defaults and a limiter that never waits.
// The transport is memory, or loopback with keep-alive connections.
func PeersOver(transport string) (peers []Peer, stop func()) {
	client, baseURL, stop := &http.Client{Transport: inMemory(bodyFor)}, "http://localhost", func() {}
	if transport == "loopback" {
		server := httptest.NewServer(http.HandlerFunc(serve))
		client.Transport = &http.Transport{MaxIdleConnsPerHost: 100}
		baseURL = server.URL
		stop = func() {
			client.CloseIdleConnections()
			server.Close()
		}
	}
	return []Peer{
		{"floor", floorCalls(client, baseURL)},
		{"generated", generatedCalls(client, baseURL)},
		{"wrapper", wrapperCalls(client, baseURL)},
	}, stop
}

const orgID = "1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f"

func floorCalls(client *http.Client, baseURL string) map[string]Call {
	f := &floor{client, baseURL}
	return map[string]Call{
		"create": func(ctx context.Context) (any, error) { return f.create(ctx, orgID, request) },
		"one": func(ctx context.Context) (any, error) {
			policy := new(m3teraccess.PermissionPolicy)
			return policy, f.permissions(ctx, orgID, "one", "", policy)
		},
		"page": func(ctx context.Context) (any, error) {
			page := new(m3teraccess.PermissionPolicyPage)
			return page, f.permissions(ctx, orgID, "page", "", page)
		},
		"walk": func(ctx context.Context) (any, error) {
			return walk(func(token string) (*m3teraccess.PermissionPolicyPage, error) {
				page := new(m3teraccess.PermissionPolicyPage)
				return page, f.permissions(ctx, orgID, "walk", token, page)
			})
		},
	}
}

// walk counts the policies of all pages.
func walk(pageAt func(token string) (*m3teraccess.PermissionPolicyPage, error)) (policies int, err error) {
	for token := ""; ; {
		page, err := pageAt(token)
		if err != nil {
			return policies, err
		}
		policies += len(page.Data)
		if token = page.NextToken; token == "" {
			return policies, nil
		}
	}
}

func generatedCalls(client *http.Client, baseURL string) map[string]Call {
	authorize := func(_ context.Context, req *http.Request) error {
		req.Header.Set("Authorization", "Bearer token")
		return nil
	}
	g, err := generated.NewClientWithResponses(baseURL, generated.WithHTTPClient(client), generated.WithRequestEditorFn(authorize))
	if err != nil {
		panic(err)
	}
	page := func(ctx context.Context, userID string, params *gen.UserPermissionsParams) (*gen.PermissionPolicyPage, error) {
		resp, err := g.UserPermissionsWithResponse(ctx, orgID, userID, params)
		if err != nil || resp.JSON200 == nil {
			return nil, errors.Join(err, errors.New("no page"))
		}
		return resp.JSON200, nil
	}
	return map[string]Call{
		"create": func(ctx context.Context) (any, error) {
			resp, err := g.CreatePermissionPolicyWithResponse(ctx, orgID, request)
			if err != nil || resp.JSON200 == nil {
				return nil, errors.Join(err, errors.New("no policy"))
			}
			return resp.JSON200, nil
		},
		"one": func(ctx context.Context) (any, error) {
			resp, err := g.UserPermissionsWithResponse(ctx, orgID, "one", nil)
			if err != nil {
				return nil, err
			}
			policy := new(m3teraccess.PermissionPolicy) // the generated page has another shape
			return policy, json.Unmarshal(resp.Body, policy)
		},
		"page": func(ctx context.Context) (any, error) { return page(ctx, "page", nil) },
		"walk": func(ctx context.Context) (any, error) {
			return walk(func(token string) (*m3teraccess.PermissionPolicyPage, error) {
				return page(ctx, "walk", &gen.UserPermissionsParams{PageSize: 200, NextToken: token}) // the page size 0 would be sent
			})
		},
	}
}

func wrapperCalls(client *http.Client, baseURL string) map[string]Call {
	w := newClient(baseURL, m3teraccess.WithHTTPClient(client))
	return map[string]Call{
		"create": func(ctx context.Context) (any, error) { return w.CreatePermissionPolicy(ctx, request) },
		"one": func(ctx context.Context) (any, error) {
			page, err := w.UserPermissionsPage(ctx, "one", m3teraccess.PageParams{})
			if err != nil {
				return nil, err
			}
			return &page.Data[0], nil
		},
		"page": func(ctx context.Context) (any, error) {
			return w.UserPermissionsPage(ctx, "page", m3teraccess.PageParams{})
		},
		"walk": func(ctx context.Context) (any, error) {
			policies := 0
			for _, err := range w.UserPermissions(ctx, "walk") {
				if err != nil {
					return policies, err
				}
				policies++
			}
			return policies, nil
		},
	}
}

// newClient returns a client with its defaults and a limiter that never waits.
func newClient(baseURL string, options ...m3teraccess.Option) *m3teraccess.Client {
	client, err := m3teraccess.NewClient(append(options,
		m3teraccess.WithBaseURL(baseURL),
		m3teraccess.WithCredentials("key", "secret"),
		m3teraccess.WithOrganization(orgID),
		m3teraccess.WithLimiter(make(turnstile, 1)),
	)...)
	if err != nil {
		panic(err)
	}
	return client
}

// A turnstile costs as much as the default limiter but never delays a request.
type turnstile chan struct{}

func (t turnstile) Wait(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		_ = time.Now()
		<-t
	case <-ctx.Done():
	}
	return ctx.Err()
}

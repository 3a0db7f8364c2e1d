package bench

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	generated "github.com/m3ter-access/m3ter-access-go/test/client"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A Peer makes the measured calls in its own way. Each call returns the decoded response.
type Peer struct {
	Name   string
	Create func(context.Context) (m3teraccess.PermissionPolicy, error)
	One    func(context.Context) (m3teraccess.PermissionPolicy, error)
	Page   func(context.Context) ([]m3teraccess.PermissionPolicy, error)
	Walk   func(context.Context) (policies int, err error)
}

const orgID = "1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f"

// Peers are the floor, the generated client, and this client with its defaults and a limiter that never waits.
func Peers(transport http.RoundTripper, baseURL string) []Peer {
	client := &http.Client{Transport: transport}
	return []Peer{floorPeer(client, baseURL), generatedPeer(client, baseURL), wrapperPeer(client, baseURL)}
}

func floorPeer(client *http.Client, baseURL string) Peer {
	f := &floor{client, baseURL}
	return Peer{
		Name: "floor",
		Create: func(ctx context.Context) (m3teraccess.PermissionPolicy, error) {
			return value(f.create(ctx, orgID, request))
		},
		One: func(ctx context.Context) (m3teraccess.PermissionPolicy, error) {
			return value(f.one(ctx, orgID, "one"))
		},
		Page: func(ctx context.Context) ([]m3teraccess.PermissionPolicy, error) {
			page, err := f.page(ctx, orgID, "page", "")
			return page.Data, err
		},
		Walk: func(ctx context.Context) (policies int, err error) {
			for token := ""; ; {
				page, err := f.page(ctx, orgID, "walk", token)
				if err != nil {
					return policies, err
				}
				policies += len(page.Data)
				if token = page.NextToken; token == "" {
					return policies, nil
				}
			}
		},
	}
}

func value[T any](v *T, err error) (T, error) {
	if err != nil {
		return *new(T), err
	}
	return *v, nil
}

func generatedPeer(client *http.Client, baseURL string) Peer {
	g, err := generated.NewClientWithResponses(baseURL, generated.WithHTTPClient(client), generated.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Header.Set("Authorization", "Bearer token")
		return nil
	}))
	if err != nil {
		panic(err)
	}
	page := func(ctx context.Context, userID string, params *gen.UserPermissionsParams) (gen.PermissionPolicyPage, error) {
		resp, err := g.UserPermissionsWithResponse(ctx, orgID, userID, params)
		if err != nil || resp.JSON200 == nil {
			return gen.PermissionPolicyPage{}, errors.Join(err, errors.New("no page"))
		}
		return *resp.JSON200, nil
	}
	return Peer{
		Name: "generated",
		Create: func(ctx context.Context) (m3teraccess.PermissionPolicy, error) {
			resp, err := g.CreatePermissionPolicyWithResponse(ctx, orgID, request)
			if err != nil || resp.JSON200 == nil {
				return m3teraccess.PermissionPolicy{}, errors.Join(err, errors.New("no policy"))
			}
			return *resp.JSON200, nil
		},
		One: func(ctx context.Context) (m3teraccess.PermissionPolicy, error) {
			resp, err := g.UserPermissionsWithResponse(ctx, orgID, "one", nil)
			if err != nil {
				return m3teraccess.PermissionPolicy{}, err
			}
			var policy m3teraccess.PermissionPolicy // its page has another shape
			return policy, json.Unmarshal(resp.Body, &policy)
		},
		Page: func(ctx context.Context) ([]m3teraccess.PermissionPolicy, error) {
			got, err := page(ctx, "page", nil)
			return got.Data, err
		},
		Walk: func(ctx context.Context) (policies int, err error) {
			params := gen.UserPermissionsParams{PageSize: 200} // the zero value would be sent
			for {
				got, err := page(ctx, "walk", &params)
				if err != nil {
					return policies, err
				}
				policies += len(got.Data)
				if got.NextToken == "" {
					return policies, nil
				}
				params.NextToken = got.NextToken
			}
		},
	}
}

// newClient makes a client with its defaults and a limiter that never waits.
func newClient(client *http.Client, baseURL string) *m3teraccess.Client {
	w, err := m3teraccess.NewClient(
		m3teraccess.WithHTTPClient(client),
		m3teraccess.WithBaseURL(baseURL),
		m3teraccess.WithCredentials("key", "secret"),
		m3teraccess.WithOrganization(orgID),
		m3teraccess.WithLimiter(make(turnstile, 1)),
	)
	if err != nil {
		panic(err)
	}
	return w
}

func wrapperPeer(client *http.Client, baseURL string) Peer {
	w := newClient(client, baseURL)
	return Peer{
		Name: "wrapper",
		Create: func(ctx context.Context) (m3teraccess.PermissionPolicy, error) {
			return value(w.CreatePermissionPolicy(ctx, request))
		},
		One: func(ctx context.Context) (m3teraccess.PermissionPolicy, error) {
			page, err := w.UserPermissionsPage(ctx, "one", m3teraccess.PageParams{})
			if err != nil {
				return m3teraccess.PermissionPolicy{}, err
			}
			return page.Data[0], nil
		},
		Page: func(ctx context.Context) ([]m3teraccess.PermissionPolicy, error) {
			page, err := w.UserPermissionsPage(ctx, "page", m3teraccess.PageParams{})
			if err != nil {
				return nil, err
			}
			return page.Data, nil
		},
		Walk: func(ctx context.Context) (policies int, err error) {
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

// An Operation is a measured operation, the same for all peers.
type Operation struct {
	Name string
	Of   func(Peer) func(context.Context) error
}

// Operations are create (a policy), one (policy), page (of 200 policies) and walk (over 20 such pages).
var Operations = []Operation{
	{"create", func(p Peer) func(context.Context) error { return ignoreValue(p.Create) }},
	{"one", func(p Peer) func(context.Context) error { return ignoreValue(p.One) }},
	{"page", func(p Peer) func(context.Context) error { return ignoreValue(p.Page) }},
	{"walk", func(p Peer) func(context.Context) error { return ignoreValue(p.Walk) }},
}

func ignoreValue[T any](call func(context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := call(ctx)
		return err
	}
}

// PeersOver returns the peers over a transport: memory, or loopback with keep-alive connections.
func PeersOver(transport string) (peers []Peer, stop func()) {
	if transport == "memory" {
		return Peers(inMemory{}, "http://localhost"), func() {}
	}
	server := httptest.NewServer(service{})
	own := &http.Transport{MaxIdleConnsPerHost: 100}
	return Peers(own, server.URL), func() {
		own.CloseIdleConnections()
		server.Close()
	}
}

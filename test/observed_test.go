package test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/m3ter-access/m3ter-access-go/gen"
	generated "github.com/m3ter-access/m3ter-access-go/test/client"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A situation is a row of the table in docs/comparison.md. plain tests generated code alone, and ours this client. What
// the row says of m3ter's official Go SDK was observed, and has no test.
type situation struct {
	name        string
	plain, ours func(*testing.T)
}

// The rows of the table are the situations, in the same order.
func TestComparison(t *testing.T) {
	var ran []string
	for _, s := range slices.Concat(tokenSituations, requestSituations, answerSituations) {
		t.Run(s.name, func(t *testing.T) {
			t.Run("generated code alone", s.plain)
			t.Run("this client", s.ours)
		})
		ran = append(ran, s.name)
	}
	if told := situationsOfTheComparison(t); !slices.Equal(told, ran) {
		t.Errorf("docs/comparison.md lists\n%s\nbut these were run:\n%s", strings.Join(told, "\n"), strings.Join(ran, "\n"))
	}
}

func situationsOfTheComparison(t *testing.T) (names []string) {
	_, table, _ := strings.Cut(readText(t, "../docs/comparison.md"), "\n| situation |")
	table, _, _ = strings.Cut(table, "\n\n")
	for i, row := range strings.Split(table, "\n") {
		if i > 1 { // after the rest of the heading, and the line below it
			names = append(names, strings.TrimSpace(strings.Split(row, "|")[1]))
		}
	}
	return names
}

// defaultRetry restores the default of four attempts: newClient sets one.
var defaultRetry = m3teraccess.WithRetry(m3teraccess.RetryPolicy{})

// onDefault runs a test with a fake and a client with the default settings, in a bubble.
func onDefault(test func(*testing.T, *m3tertest.Server, *m3teraccess.Client)) func(*testing.T) {
	return bubbled(func(t *testing.T) {
		fake, client := newFake(t, defaultRetry)
		fake.AddUser("user-1")
		test(t, fake, client)
	})
}

func read(t *testing.T, client *m3teraccess.Client) error {
	return either(client.UserPermissionsPage(t.Context(), "user-1", m3teraccess.PageParams{}))
}

func create(t *testing.T, client *m3teraccess.Client) error {
	return either(client.CreatePermissionPolicy(t.Context(), policyRequest()))
}

// A plainClient is the generated client with an access token.
type plainClient struct {
	*generated.ClientWithResponses
	org, token string
}

func newPlainClient(t *testing.T, base http.RoundTripper, url, org, token string) plainClient {
	t.Helper()
	client, err := generated.NewClientWithResponses(url, generated.WithHTTPClient(&http.Client{Transport: base}),
		generated.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+token)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return plainClient{client, org, token}
}

// onPlain runs a test with a fake and a generated client, in a bubble.
func onPlain(test func(*testing.T, *m3tertest.Server, plainClient)) func(*testing.T) {
	return bubbled(func(t *testing.T) {
		fake, _ := newFake(t)
		fake.AddUser("user-1")
		test(t, fake, plainOf(t, fake, fake.Client().Transport))
	})
}

func plainOf(t *testing.T, fake *m3tertest.Server, base http.RoundTripper) plainClient {
	t.Helper()
	credentials := clientcredentials.Config{
		ClientID: fake.APIKey, ClientSecret: fake.APISecret,
		TokenURL: fake.URL + "/oauth/token", AuthStyle: oauth2.AuthStyleInHeader,
	}
	token, err := credentials.Token(context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: base}))
	if err != nil {
		t.Fatal(err)
	}
	return newPlainClient(t, base, fake.URL, fake.OrganizationID, token.AccessToken)
}

func (c plainClient) create(ctx context.Context) (*generated.CreatePermissionPolicyResponse, error) {
	return c.CreatePermissionPolicyWithResponse(ctx, c.org, policyRequest())
}

func (c plainClient) read(ctx context.Context, params *gen.UserPermissionsParams) (*generated.UserPermissionsResponse, error) {
	return c.UserPermissionsWithResponse(ctx, c.org, "user-1", params)
}

// checkStatus fails unless a call of generated code returned no error and the given status.
func checkStatus(t *testing.T, resp interface{ StatusCode() int }, err error, want int) {
	t.Helper()
	if err != nil {
		t.Error(err)
	} else if got := resp.StatusCode(); got != want {
		t.Errorf("status %d, want %d", got, want)
	}
}

// bubbled runs a test in its own bubble, with its own clock.
func bubbled(f func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, f) }
}

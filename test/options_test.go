package test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// setEnvironment sets the given variables, and clears the others that NewClient reads.
func setEnvironment(t *testing.T, given map[string]string) {
	t.Helper()
	for _, name := range []string{"M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_API_TOKEN", "M3TER_ORG_ID", "M3TER_BASE_URL"} {
		t.Setenv(name, given[name])
	}
}

// fieldsOf returns the Field of each ValidationError in the tree of an error.
func fieldsOf(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var fields []string
		for _, err := range joined.Unwrap() {
			fields = append(fields, fieldsOf(err)...)
		}
		return fields
	}
	if invalid := (*m3teraccess.ValidationError)(nil); errors.As(err, &invalid) {
		return []string{invalid.Field}
	}
	return nil
}

var (
	staticSource = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: staticToken})
	complete     = map[string]string{"M3TER_API_KEY": "env-key", "M3TER_API_SECRET": "env-secret", "M3TER_ORG_ID": "env-org"}
)

// with returns the complete environment with changes, each a name and a value.
func with(changes ...string) map[string]string {
	changed := maps.Clone(complete)
	for pair := range slices.Chunk(changes, 2) {
		changed[pair[0]] = pair[1]
	}
	return changed
}

// NewClient names each setting that is wrong or missing.
func TestInvalidSettings(t *testing.T) {
	for _, test := range []struct {
		name   string
		env    map[string]string
		opts   []m3teraccess.Option
		fields []string // of the errors, in order
	}{
		{"complete environment", complete, nil, nil},
		{"token instead of credentials", map[string]string{"M3TER_API_TOKEN": "t", "M3TER_ORG_ID": "o"}, nil, nil},
		{"all from options", nil, localOptions(), nil},
		{"nothing", nil, nil, []string{"credentials", "organization"}},
		{"no secret", with("M3TER_API_SECRET", ""), nil, []string{"M3TER_API_SECRET"}},
		{"no key", with("M3TER_API_KEY", ""), nil, []string{"M3TER_API_KEY"}},
		{"control characters", with("M3TER_API_KEY", "a\n", "M3TER_API_SECRET", "a\r\n", "M3TER_ORG_ID", "a\nb"), nil,
			[]string{"M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_ORG_ID"}},
		{"spaces", with("M3TER_API_SECRET", " s", "M3TER_ORG_ID", "org ", "M3TER_BASE_URL", "https://m3ter.test "), nil,
			[]string{"M3TER_API_SECRET", "M3TER_ORG_ID", "M3TER_BASE_URL"}},
		{"values with a colon, a slash and http", with("M3TER_API_KEY", "a:b", "M3TER_ORG_ID", "a/b", "M3TER_BASE_URL", "http://api.m3ter.com"), nil,
			[]string{"M3TER_API_KEY", "M3TER_ORG_ID", "M3TER_BASE_URL"}},
		{"token with a line break", map[string]string{"M3TER_API_TOKEN": "t\n", "M3TER_ORG_ID": "o"}, nil, []string{"M3TER_API_TOKEN"}},
		{"token with its scheme", map[string]string{"M3TER_API_TOKEN": "Bearer t", "M3TER_ORG_ID": "o"}, nil, []string{"M3TER_API_TOKEN"}},

		{"credentials", complete, opts(m3teraccess.WithCredentials("", ""), m3teraccess.WithCredentials("a:b", "s\n"), m3teraccess.WithCredentials("k ", "s")),
			[]string{"WithCredentials: key", "WithCredentials: secret", "WithCredentials: key", "WithCredentials: secret", "WithCredentials: key"}},
		{"organizations", complete, opts(m3teraccess.WithOrganization(""), m3teraccess.WithOrganization(".."), m3teraccess.WithOrganization("."), m3teraccess.WithOrganization(`a\b`)),
			slices.Repeat([]string{"WithOrganization"}, 4)},
		{"no base URL", complete, opts(m3teraccess.WithBaseURL("")), []string{"WithBaseURL"}},
		{"user agents", complete, opts(m3teraccess.WithUserAgent(""), m3teraccess.WithUserAgent("a\r\nX-Injected: b")),
			slices.Repeat([]string{"WithUserAgent"}, 2)},
		{"nil", complete, opts(m3teraccess.WithTokenSource(nil), m3teraccess.WithHTTPClient(nil), m3teraccess.WithLogger(nil), m3teraccess.WithLimiter(nil), m3teraccess.WithOrganizationLimiter(nil), nil),
			[]string{"WithTokenSource", "WithHTTPClient", "WithLogger", "WithLimiter", "WithOrganizationLimiter", "option"}},
		{"negative attempts", complete, opts(m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: -1})), []string{"WithRetry"}},
		{"minimum of the backoff above its maximum", complete, opts(m3teraccess.WithRetry(m3teraccess.RetryPolicy{MinBackoff: 2, MaxBackoff: 1})), []string{"WithRetry"}},
		{"times", complete, opts(m3teraccess.WithTimeout(0), m3teraccess.WithTimeout(-time.Second)), slices.Repeat([]string{"WithTimeout"}, 2)},
		{"sizes", complete, opts(m3teraccess.WithMaxResponseBytes(0), m3teraccess.WithMaxResponseBytes(-1)), slices.Repeat([]string{"WithMaxResponseBytes"}, 2)},
		{"an option, and what is missing", nil, opts(m3teraccess.WithTimeout(0)), []string{"WithTimeout", "credentials", "organization"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			setEnvironment(t, test.env)
			client, err := m3teraccess.NewClient(test.opts...)
			if (client == nil) == (err == nil) {
				t.Fatalf("got %v and %v", client, err)
			}
			if got := fieldsOf(err); !slices.Equal(got, test.fields) {
				t.Errorf("got errors about %q, want %q: %v", got, test.fields, err)
			}
			for _, field := range test.fields {
				if !strings.Contains(err.Error(), field) {
					t.Errorf("%q doesn't name %s", err, field)
				}
			}
			if err != nil && strings.ContainsAny(strings.ReplaceAll(err.Error(), "\nm3teraccess: ", ""), "\n\r") {
				t.Errorf("a line break of a value is in %q", err)
			}
		})
	}
}

func opts(opts ...m3teraccess.Option) []m3teraccess.Option { return opts }

// An option overrides a variable, and the later of two options wins.
func TestOptionsOverrideTheEnvironment(t *testing.T) {
	const fromKey, fromToken = "Bearer of:env-key:env-secret", "Bearer env-token"
	tests := []struct {
		name     string
		env      map[string]string
		opts     []m3teraccess.Option
		bearer   string
		org      string
		fetching bool // an access token
	}{
		{"environment alone", complete, nil, fromKey, "env-org", true},
		{"key before token", with("M3TER_API_TOKEN", "env-token"), nil, fromKey, "env-org", true},
		{"token alone", map[string]string{"M3TER_API_TOKEN": "env-token", "M3TER_ORG_ID": "env-org"}, nil, fromToken, "env-org", false},
		{"WithOrganization", complete, opts(m3teraccess.WithOrganization("org")), fromKey, "org", true},
		{"WithCredentials", complete, opts(m3teraccess.WithCredentials("k", "the-secret")), "Bearer of:k:the-secret", "env-org", true},
		{"WithCredentials before the token", with("M3TER_API_KEY", "", "M3TER_API_SECRET", "", "M3TER_API_TOKEN", "t"), opts(m3teraccess.WithCredentials("k", "the-secret")), "Bearer of:k:the-secret", "env-org", true},
		{"WithTokenSource", complete, opts(m3teraccess.WithTokenSource(staticSource)), "Bearer " + staticToken, "env-org", false},
		{"the last of two options", complete, opts(m3teraccess.WithOrganization("a"), m3teraccess.WithOrganization("b")), fromKey, "b", true},
		{"WithTokenSource, then WithCredentials", complete, opts(m3teraccess.WithTokenSource(staticSource), m3teraccess.WithCredentials("k", "the-secret")), "Bearer of:k:the-secret", "env-org", true},
		{"WithCredentials, then WithTokenSource", complete, opts(m3teraccess.WithCredentials("k", "the-secret"), m3teraccess.WithTokenSource(staticSource)), "Bearer " + staticToken, "env-org", false},
		{"incomplete environment, not needed", with("M3TER_API_SECRET", "", "M3TER_ORG_ID", ".."), opts(m3teraccess.WithTokenSource(staticSource), m3teraccess.WithOrganization("org")), "Bearer " + staticToken, "org", false},
	}
	for _, test := range tests {
		for _, base := range []struct{ env, option, want string }{
			{"", "", "https://api.m3ter.com"},
			{"http://localhost:1", "", "http://localhost:1"},
			{"https://nobody.example.com", "http://localhost:1/m3ter", "http://localhost:1/m3ter"},
			{"https://nobody.example.com", "http://localhost:1/a/b/", "http://localhost:1/a/b"},
		} {
			t.Run(test.name+", "+base.want, func(t *testing.T) {
				setEnvironment(t, test.env)
				t.Setenv("M3TER_BASE_URL", base.env)
				var received []*http.Request
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					received = append(received, r)
					key, secret, _ := r.BasicAuth() // the access token names the credentials
					valid(200, `{"id":"p","access_token":"of:`+key+":"+secret+`","token_type":"Bearer"}`).ServeHTTP(w, r)
				})
				given := append(test.opts, m3teraccess.WithHTTPClient(&http.Client{Transport: viaHandler{handler}}))
				if base.option != "" {
					given = append(given, m3teraccess.WithBaseURL(base.option))
				}
				client, err := m3teraccess.NewClient(given...)
				if err != nil {
					t.Fatal(err)
				}
				if err := create(t, client); err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, request := range received {
					got = append(got, request.URL.String())
				}
				want := []string{base.want + "/oauth/token", base.want + "/organizations/" + test.org + "/permissionpolicies"}
				if !test.fetching {
					want = want[1:]
				}
				if !slices.Equal(got, want) {
					t.Errorf("sent to %q, want %q", got, want)
				}
				if got := received[len(received)-1].Header.Get("Authorization"); got != test.bearer {
					t.Errorf("sent %q, want %q", got, test.bearer)
				}
			})
		}
	}
}

// Each request has an Accept and a User-Agent header, and a Content-Type header if it has a body.
func TestHeadersOfEveryRequest(t *testing.T) {
	for product, given := range map[string][]m3teraccess.Option{"": nil, "billing-sync/1.4 ": opts(m3teraccess.WithUserAgent("billing-sync/1.4"))} {
		fake, client := newFake(t, given...)
		for _, call := range calls {
			_ = call.do(t.Context(), client) // the fake lacks the objects
		}
		req := newRequest(t, "GET", fake.URL+"/organizations/"+fake.OrganizationID+"/support")
		if _, err := client.Do(req); err != nil {
			t.Fatal(err)
		}
		for _, request := range fake.Requests() {
			agent := request.Header.Get("User-Agent")
			own, ok := strings.CutPrefix(agent, product)
			if !ok || !strings.HasPrefix(own, "m3ter-access-go/") || strings.Contains(own, " ") {
				t.Errorf("%s: User-Agent %q", request.Operation, agent)
			}
			if accept := request.Header.Get("Accept"); accept != "application/json" {
				t.Errorf("%s: Accept %q", request.Operation, accept)
			}
			if contentType := request.Header.Get("Content-Type"); len(request.Body) > 0 && request.Operation != "Token" && contentType != "application/json" {
				t.Errorf("%s: Content-Type %q", request.Operation, contentType)
			}
		}
	}
}

// A client of another organization calls that organization, and the first client is unchanged.
func TestOrganization(t *testing.T) {
	server := newServer(t, valid(200, `{"id":"p"}`))
	client := server.client(t)
	clients := []*m3teraccess.Client{client.Organization("a"), client, client.Organization("a").Organization("b"), client}
	for i, orgID := range []string{"a", "org", "b", "org"} {
		if err := create(t, clients[i]); err != nil {
			t.Fatal(err)
		}
		if got := server.requests()[i].URL.Path; got != "/organizations/"+orgID+"/permissionpolicies" {
			t.Errorf("sent to %s, want the organization %s", got, orgID)
		}
	}
}

// A setting in the wrong place may be the secret: an error shows at most its first 4 characters.
func TestMixedUpSettingsAreNotShown(t *testing.T) {
	const secret = "abcd/efgh+secret"
	for name, env := range map[string]map[string]string{
		"organization": with("M3TER_ORG_ID", secret), "base URL": with("M3TER_BASE_URL", "//"+secret), "scheme": with("M3TER_BASE_URL", "x://"+secret),
		"space": with("M3TER_ORG_ID", secret+" "), "key": with("M3TER_API_KEY", secret+":"), "token": {"M3TER_API_TOKEN": secret + " ", "M3TER_ORG_ID": "o"},
	} {
		setEnvironment(t, env)
		if _, err := m3teraccess.NewClient(); err == nil || strings.Contains(err.Error(), "bcd/") {
			t.Errorf("%s: %v", name, err)
		}
	}
	client := newLocalClient(t, viaHandler{valid(200, `{}`)}).Organization(secret)
	if _, err := client.RequestSupport(t.Context(), supportRequest(0)); err == nil || strings.Contains(err.Error(), "bcd/") {
		t.Errorf("Organization: %v", err)
	}
}

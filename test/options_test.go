package test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// setEnvironment sets the variables that NewClient reads, and clears the others.
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

// with returns the complete environment with some variables changed.
func with(changes ...string) map[string]string {
	changed := make(map[string]string)
	for name, value := range complete {
		changed[name] = value
	}
	for i := 0; i < len(changes); i += 2 {
		changed[changes[i]] = changes[i+1]
	}
	return changed
}

func TestNewClientNamesWhatIsWrong(t *testing.T) {
	tests := []struct {
		name   string
		env    map[string]string
		opts   []m3teraccess.Option
		fields []string // of the errors, in any order
	}{
		{"complete environment", complete, nil, nil},
		{"token instead of credentials", map[string]string{"M3TER_API_TOKEN": "t", "M3TER_ORG_ID": "o"}, nil, nil},
		{"all from options", nil, localOptions(), nil},
		{"nothing", nil, nil, []string{"credentials", "organization"}},
		{"no organization", with("M3TER_ORG_ID", ""), nil, []string{"organization"}},
		{"no secret", with("M3TER_API_SECRET", ""), nil, []string{"M3TER_API_SECRET"}},
		{"no key", with("M3TER_API_KEY", ""), nil, []string{"M3TER_API_KEY"}},
		{"no credentials", map[string]string{"M3TER_ORG_ID": "o"}, nil, []string{"credentials"}},
		{"key with a colon", with("M3TER_API_KEY", "a:b"), nil, []string{"M3TER_API_KEY"}},
		{"key with a line break", with("M3TER_API_KEY", "a\n"), nil, []string{"M3TER_API_KEY"}},
		{"secret with a line break", with("M3TER_API_SECRET", "a\r\n"), nil, []string{"M3TER_API_SECRET"}},
		{"token with a line break", map[string]string{"M3TER_API_TOKEN": "t\n", "M3TER_ORG_ID": "o"}, nil, []string{"M3TER_API_TOKEN"}},
		{"organization of two segments", with("M3TER_ORG_ID", "a/b"), nil, []string{"M3TER_ORG_ID"}},
		{"base URL in clear text", with("M3TER_BASE_URL", "http://api.m3ter.com"), nil, []string{"M3TER_BASE_URL"}},
		{"several, from the environment", with("M3TER_ORG_ID", "..", "M3TER_BASE_URL", "x", "M3TER_API_KEY", ""), nil, []string{"M3TER_ORG_ID", "M3TER_BASE_URL", "M3TER_API_KEY"}},

		{"no key in the option", complete, opts(m3teraccess.WithCredentials("", "s")), []string{"WithCredentials: key"}},
		{"no secret in the option", complete, opts(m3teraccess.WithCredentials("k", "")), []string{"WithCredentials: secret"}},
		{"key with a colon in the option", complete, opts(m3teraccess.WithCredentials("a:b", "s")), []string{"WithCredentials: key"}},
		{"secret with a line break in the option", complete, opts(m3teraccess.WithCredentials("k", "s\n")), []string{"WithCredentials: secret"}},
		{"key with a space behind it", complete, opts(m3teraccess.WithCredentials("k ", "s")), []string{"WithCredentials: key"}},
		{"secret with a space before it", with("M3TER_API_SECRET", " s"), nil, []string{"M3TER_API_SECRET"}},
		{"no token source", complete, opts(m3teraccess.WithTokenSource(nil)), []string{"WithTokenSource"}},
		{"no organization in the option", complete, opts(m3teraccess.WithOrganization("")), []string{"WithOrganization"}},
		{"organization that leads elsewhere", complete, opts(m3teraccess.WithOrganization("..")), []string{"WithOrganization"}},
		{"no base URL in the option", complete, opts(m3teraccess.WithBaseURL("")), []string{"WithBaseURL"}},
		{"no HTTP client", complete, opts(m3teraccess.WithHTTPClient(nil)), []string{"WithHTTPClient"}},
		{"no user agent", complete, opts(m3teraccess.WithUserAgent("")), []string{"WithUserAgent"}},
		{"user agent of two lines", complete, opts(m3teraccess.WithUserAgent("a\r\nX-Injected: b")), []string{"WithUserAgent"}},
		{"no logger", complete, opts(m3teraccess.WithLogger(nil)), []string{"WithLogger"}},
		{"no limiter", complete, opts(m3teraccess.WithLimiter(nil)), []string{"WithLimiter"}},
		{"negative attempts", complete, opts(m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: -1})), []string{"WithRetry"}},
		{"bounds of the backoff the wrong way round", complete, opts(m3teraccess.WithRetry(m3teraccess.RetryPolicy{MinBackoff: 2, MaxBackoff: 1})), []string{"WithRetry"}},
		{"token with its scheme", with("M3TER_API_KEY", "", "M3TER_API_SECRET", "", "M3TER_API_TOKEN", "Bearer t"), nil, []string{"M3TER_API_TOKEN"}},
		{"organization of a backslash", with("M3TER_ORG_ID", `a\b`), nil, []string{"M3TER_ORG_ID"}},
		{"organization of two lines", with("M3TER_ORG_ID", "a\nb"), nil, []string{"M3TER_ORG_ID"}},
		{"organization of a dot", complete, opts(m3teraccess.WithOrganization(".")), []string{"WithOrganization"}},
		{"organization with a space behind it", with("M3TER_ORG_ID", "org "), nil, []string{"M3TER_ORG_ID"}},
		{"base URL with a space behind it", with("M3TER_BASE_URL", "https://m3ter.test "), nil, []string{"M3TER_BASE_URL"}},
		{"no time", complete, opts(m3teraccess.WithTimeout(0)), []string{"WithTimeout"}},
		{"time below zero", complete, opts(m3teraccess.WithTimeout(-time.Second)), []string{"WithTimeout"}},
		{"no bytes", complete, opts(m3teraccess.WithMaxResponseBytes(0)), []string{"WithMaxResponseBytes"}},
		{"bytes below zero", complete, opts(m3teraccess.WithMaxResponseBytes(-1)), []string{"WithMaxResponseBytes"}},
		{"no option", complete, opts(nil), []string{"option"}},
		{"several options", complete, opts(m3teraccess.WithTimeout(0), m3teraccess.WithUserAgent(""), nil), []string{"WithTimeout", "WithUserAgent", "option"}},
		{"an option, and what is missing", nil, opts(m3teraccess.WithTimeout(0)), []string{"WithTimeout", "credentials", "organization"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			setEnvironment(t, test.env)
			client, err := m3teraccess.NewClient(test.opts...)
			if (client == nil) == (err == nil) {
				t.Fatalf("got %v and %v", client, err)
			}
			got, want := fieldsOf(err), slices.Clone(test.fields)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got complaints about %q, want %q: %v", got, want, err)
			}
			for _, field := range want {
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

// The request shows which settings apply.
func TestOptionsBeatTheEnvironment(t *testing.T) {
	const fromKey, fromToken = "Bearer of:env-key:env-secret", "Bearer env-token"
	tests := []struct {
		name     string
		env      map[string]string
		opts     []m3teraccess.Option
		bearer   string
		org      string
		fetching bool // a token
	}{
		{"environment alone", complete, nil, fromKey, "env-org", true},
		{"key before token", with("M3TER_API_TOKEN", "env-token"), nil, fromKey, "env-org", true},
		{"token alone", map[string]string{"M3TER_API_TOKEN": "env-token", "M3TER_ORG_ID": "env-org"}, nil, fromToken, "env-org", false},
		{"WithOrganization", complete, opts(m3teraccess.WithOrganization("org")), fromKey, "org", true},
		{"WithCredentials", complete, opts(m3teraccess.WithCredentials("k", "the-secret")), "Bearer of:k:the-secret", "env-org", true},
		{"WithCredentials before the token", with("M3TER_API_KEY", "", "M3TER_API_SECRET", "", "M3TER_API_TOKEN", "t"), opts(m3teraccess.WithCredentials("k", "the-secret")), "Bearer of:k:the-secret", "env-org", true},
		{"WithTokenSource", complete, opts(m3teraccess.WithTokenSource(staticSource)), "Bearer " + staticToken, "env-org", false},
		{"the later of two that are of a kind", complete, opts(m3teraccess.WithOrganization("a"), m3teraccess.WithOrganization("b")), fromKey, "b", true},
		{"WithTokenSource, then WithCredentials", complete, opts(m3teraccess.WithTokenSource(staticSource), m3teraccess.WithCredentials("k", "the-secret")), "Bearer of:k:the-secret", "env-org", true},
		{"WithCredentials, then WithTokenSource", complete, opts(m3teraccess.WithCredentials("k", "the-secret"), m3teraccess.WithTokenSource(staticSource)), "Bearer " + staticToken, "env-org", false},
		{"half of the environment, not needed", with("M3TER_API_SECRET", "", "M3TER_ORG_ID", ".."), opts(m3teraccess.WithTokenSource(staticSource), m3teraccess.WithOrganization("org")), "Bearer " + staticToken, "org", false},
	}
	for _, test := range tests {
		for _, base := range []string{"M3TER_BASE_URL", "WithBaseURL"} {
			t.Run(test.name+", "+base, func(t *testing.T) {
				var received []*http.Request
				checked := &http.Client{Transport: &contract{t, viaHandler{tokenOfCredentials(&received)}}}
				setEnvironment(t, test.env)
				given := append(test.opts, m3teraccess.WithHTTPClient(checked))
				if base == "WithBaseURL" {
					t.Setenv("M3TER_BASE_URL", "https://nobody.example.com")
					given = append(given, m3teraccess.WithBaseURL("http://localhost:1"))
				} else {
					t.Setenv("M3TER_BASE_URL", "http://localhost:1")
				}
				client, err := m3teraccess.NewClient(given...)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil {
					t.Fatal(err)
				}
				last := received[len(received)-1]
				if got := last.Header.Get("Authorization"); got != test.bearer {
					t.Errorf("sent %q, want %q", got, test.bearer)
				}
				if got, want := last.URL.String(), "http://localhost:1/organizations/"+test.org+"/permissionpolicies"; got != want {
					t.Errorf("sent to %s, want %s", got, want)
				}
				if fetched := len(received) > 1; fetched != test.fetching {
					t.Errorf("a token was fetched: %t, want %t", fetched, test.fetching)
				}
			})
		}
	}
}

// tokenOfCredentials is a service whose access tokens name the credentials of the request.
func tokenOfCredentials(received *[]*http.Request) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*received = append(*received, r)
		if key, secret, ok := r.BasicAuth(); ok && r.URL.Path == "/oauth/token" {
			keeps(200, `{"access_token":"of:`+key+":"+secret+`","token_type":"Bearer"}`).ServeHTTP(w, r)
			return
		}
		keeps(200, `{"id":"p"}`).ServeHTTP(w, r)
	})
}

// The default base URL is m3ter's.
func TestBaseURLByDefault(t *testing.T) {
	setEnvironment(t, complete)
	var received []*http.Request
	client := newClient(t, viaHandler{tokenOfCredentials(&received)})
	if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"https://api.m3ter.com/oauth/token", "https://api.m3ter.com/organizations/env-org/permissionpolicies"} {
		if got := received[i].URL.String(); got != want {
			t.Errorf("sent to %s, want %s", got, want)
		}
	}
}

// Each request has an Accept and a User-Agent header.
func TestHeadersOfEveryRequest(t *testing.T) {
	for _, product := range []string{"", "billing-sync/1.4"} {
		var given []m3teraccess.Option
		if product != "" {
			given = opts(m3teraccess.WithUserAgent(product))
		}
		fake, client := newFake(t, given...)
		for _, call := range calls {
			_ = call.do(t.Context(), client) // the fake has none of these objects
		}
		req := newRequest(t, "GET", fake.URL+"/organizations/"+fake.OrganizationID+"/support")
		if _, err := client.Do(req); err != nil {
			t.Fatal(err)
		}
		for _, request := range fake.Requests() {
			agent := request.Header.Get("User-Agent")
			own, ok := strings.CutPrefix(agent, strings.TrimPrefix(product+" ", " "))
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

// A client for another organization sends to that organization, and does not change the first client.
func TestOrganization(t *testing.T) {
	service := newService(t, keeps(200, `{"id":"p"}`))
	client := service.client(t)
	for _, c := range []*m3teraccess.Client{client.Organization("a"), client, client.Organization("a").Organization("b"), client} {
		if _, err := c.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, request := range service.requests() {
		got = append(got, strings.Split(request.URL.Path, "/")[2])
	}
	if want := []string{"a", "org", "b", "org"}; !slices.Equal(got, want) {
		t.Errorf("sent for %q, want %q", got, want)
	}
}

// A setting in the wrong place may be the secret: an error shows at most its first 4 characters.
func TestSettingsThatAreMixedUpAreNotShown(t *testing.T) {
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
	client := newLocalClient(t, viaHandler{keeps(200, `{}`)}).Organization(secret)
	if _, err := client.RequestSupport(t.Context(), supportRequest(0)); err == nil || strings.Contains(err.Error(), "bcd/") {
		t.Errorf("Organization: %v", err)
	}
}

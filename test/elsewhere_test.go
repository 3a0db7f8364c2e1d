package test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

var redirects = []int{301, 302, 303, 307, 308}

// A redirect is an answer like any other: nothing is sent to where it points.
func TestRedirectsOfCallsAreNotFollowed(t *testing.T) {
	for _, status := range redirects {
		for _, call := range calls {
			t.Run(fmt.Sprintf("%d/%s", status, call.name), func(t *testing.T) {
				elsewhere := newService(t, keeps(200, call.good))
				for _, target := range []string{elsewhere.URL + "/stolen", "/organizations/org/support"} {
					redirecting := newService(t, redirect(status, target), breaks(200, call.good))
					err := call.do(t.Context(), redirecting.client(t))
					var failure *m3teraccess.Error
					if !errors.As(err, &failure) || failure.StatusCode != status || errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
						t.Errorf("to %s: got %v, want an Error of status %d", target, err, status)
					}
					if here, there := len(redirecting.requests()), len(elsewhere.requests()); here != 1 || there != 0 {
						t.Errorf("to %s: %d requests here and %d elsewhere, want 1 and 0", target, here, there)
					}
				}
			})
		}
	}
}

func redirect(status int, target string) answer {
	return answer{status: status, header: map[string]string{"Location": target}, body: "{}", breaks: true}
}

func TestRedirectsOfDoAreHandedOut(t *testing.T) {
	for _, status := range redirects {
		elsewhere := newService(t, keeps(200, `{}`))
		redirecting := newService(t, redirect(status, elsewhere.URL))
		resp, err := redirecting.client(t).Do(newRequest(t, "GET", redirecting.URL+"/organizations/org/users/u/permissions"))
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != status || resp.Header.Get("Location") != elsewhere.URL || string(readAll(t, resp)) != "{}" {
			t.Errorf("%d: got %v", status, resp)
		}
		if here, there := len(redirecting.requests()), len(elsewhere.requests()); here != 1 || there != 0 {
			t.Errorf("%d: %d requests here and %d elsewhere, want 1 and 0", status, here, there)
		}
	}
}

func newRequest(t *testing.T, method, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// The token request carries the credentials, and is followed to nowhere either.
func TestRedirectsOfTheTokenRequestAreNotFollowed(t *testing.T) {
	for _, status := range redirects {
		elsewhere := newService(t, keeps(200, `{"access_token":"t","token_type":"Bearer"}`))
		for _, target := range []string{elsewhere.URL + "/oauth/token", "/elsewhere"} {
			redirecting := newService(t, redirect(status, target), keeps(200, `{"access_token":"t","token_type":"Bearer"}`))
			client := redirecting.client(t, m3teraccess.WithCredentials("key", "secret"))
			_, err := client.CreatePermissionPolicy(t.Context(), policyRequest())
			var failure *m3teraccess.AuthError
			if !errors.As(err, &failure) || failure.StatusCode != status {
				t.Errorf("%d to %s: got %v, want an AuthError of that status", status, target, err)
			}
			for _, request := range redirecting.requests() {
				if request.URL.Path != "/oauth/token" {
					t.Errorf("%d to %s: %s was asked for", status, target, request.URL)
				}
			}
			if there := len(elsewhere.requests()); there != 0 {
				t.Errorf("%d to %s: %d requests elsewhere", status, target, there)
			}
		}
	}
}

func TestBaseURL(t *testing.T) {
	tests := []struct {
		url string
		ok  bool
	}{
		{"https://api.m3ter.com", true},
		{"https://api.m3ter.com/", true},
		{"HTTPS://api.m3ter.com:8443/prefix", true},
		{"https://[2001:db8::1]", true},
		{"http://localhost", true},
		{"http://LOCALHOST:8080", true},
		{"http://localho\u017ft", false}, // folds to localhost, and is none to a proxy
		{"http://\uff4cocalhost", false},
		{"http://127.0.0.1:1", true},
		{"http://127.9.9.9", true},
		{"http://[::1]:8080", true},
		{"http://api.m3ter.com", false},
		{"http://localhost.example.com", false},
		{"http://127.0.0.1.example.com", false},
		{"http://localhost@example.com", false},
		{"http://10.0.0.1", false},
		{"http://0.0.0.0", false},
		{"http://[::]", false},
		{"https://key:hunter2@api.m3ter.com", false},
		{"https://hunter2@api.m3ter.com", false},
		{"https://:hunter2@api.m3ter.com", false},
		{"http://key:hunter2@localhost", false},
		{"https://key:hunter2@api.m3ter.com:port", false},
		{"https://key:hunter2@", false},
		{"key:hunter2@api.m3ter.com", false},
		{"//key:hunter2@api.m3ter.com", false},
		{"https://api.m3ter.com?hunter2", false},
		{"https://api.m3ter.com?", false},
		{"https://api.m3ter.com#hunter2", false},
		{"ftp://api.m3ter.com", false},
		{"file:///etc", false},
		{"api.m3ter.com", false},
		{"https://", false},
		{"https:///path", false},
		{"https:api.m3ter.com", false},
		{"", false},
		{"https://api.m3ter.com\n", false},
	}
	for _, test := range tests {
		_, err := m3teraccess.NewClient(localOptions(m3teraccess.WithBaseURL(test.url))...)
		if (err == nil) != test.ok {
			t.Errorf("%q: got %v, want it to be allowed: %t", test.url, err, test.ok)
		}
		if test.ok {
			continue
		}
		if !errors.As(err, new(*m3teraccess.ValidationError)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v", test.url, err)
		}
	}
}

// The caller's http.Client is used as it is, but for its redirects, and is never changed.
func TestCallersHTTPClientIsUnchanged(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	theirs := &http.Client{
		Transport:     newTransport(t),
		CheckRedirect: func(*http.Request, []*http.Request) error { followed++; return nil },
		Jar:           jar,
		Timeout:       time.Minute,
	}
	before := *theirs
	target := newService(t, keeps(200, `{"id":"p"}`))
	service := newService(t, redirect(307, target.URL))
	client, err := m3teraccess.NewClient(localOptions(m3teraccess.WithBaseURL(service.URL), m3teraccess.WithHTTPClient(theirs))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err == nil || followed != 0 || len(target.requests()) != 0 {
		t.Errorf("the redirect was followed: %v", err)
	}
	if theirs.Transport != before.Transport || theirs.Jar != before.Jar || theirs.Timeout != before.Timeout || theirs.CheckRedirect == nil {
		t.Errorf("it was %+v and is %+v", before, *theirs)
	}
	resp, err := theirs.Get(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	if readAll(t, resp); followed != 1 {
		t.Error("it no longer follows redirects as it did")
	}
}

// A base URL in upper case is sent to as net/http knows the host: past the proxy, which would see the token in clear.
func TestLoopbackGoesPastTheProxyInAnySpelling(t *testing.T) {
	var asked []string
	transport := viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Host+" "+r.Host)
		keeps(200, `{"data":[]}`).ServeHTTP(w, r)
	})}
	client := newLocalClient(t, transport, m3teraccess.WithBaseURL("http://LOCALHOST:8080"))
	if _, err := client.UserPermissionsPage(t.Context(), "u", m3teraccess.PageParams{}); err != nil {
		t.Fatal(err)
	}
	lower := newLocalClient(t, transport, m3teraccess.WithBaseURL("http://localhost:8080"))
	if _, err := lower.Do(newRequest(t, "GET", "http://LOCALHOST:8080/organizations/org/users/u/permissions")); err != nil {
		t.Fatal(err)
	}
	for _, hosts := range asked {
		if hosts != "localhost:8080 localhost:8080" && hosts != "localhost:8080 " {
			t.Errorf("sent to %q", hosts)
		}
	}
}

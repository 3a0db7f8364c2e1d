package test

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// The client follows no redirect, either of a call or of a token request. Do returns the response.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, call := range calls {
		testRedirects(t, call.name, call.good, func(client *m3teraccess.Client, _, _ string) (status int, err error) {
			var failure *m3teraccess.Error
			if err := call.do(t.Context(), client); !errors.As(err, &failure) || errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
				return 0, err
			}
			return failure.StatusCode, nil
		})
	}
	testRedirects(t, "Do", `{}`, func(client *m3teraccess.Client, url, target string) (status int, err error) {
		resp, err := client.Do(newRequest(t, "GET", url+"/organizations/org/users/u/permissions"))
		if err != nil || resp.Header.Get("Location") != target || string(readAll(t, resp)) != "{}" {
			return 0, err
		}
		return resp.StatusCode, nil
	})
	testRedirects(t, "token request", `{"access_token":"t","token_type":"Bearer"}`, func(client *m3teraccess.Client, _, _ string) (status int, err error) {
		var failure *m3teraccess.AuthError
		if err := create(t, client); !errors.As(err, &failure) {
			return 0, err
		}
		return failure.StatusCode, nil
	}, withKey)
}

// testRedirects calls do with a client whose server at url redirects to target. do returns the status that its caller
// sees. A client that followed the redirect would get the good response.
func testRedirects(t *testing.T, name, good string, do func(client *m3teraccess.Client, url, target string) (status int, err error), opts ...m3teraccess.Option) {
	t.Helper()
	for _, status := range []int{301, 302, 303, 307, 308} {
		elsewhere := newServer(t, valid(200, good))
		for _, target := range []string{elsewhere.URL + "/oauth/token", "/organizations/org/support"} {
			redirecting := newServer(t, redirect(status, target), invalid(200, good))
			got, err := do(redirecting.client(t, opts...), redirecting.URL, target)
			if here, there := len(redirecting.requests()), len(elsewhere.requests()); got != status || here != 1 || there != 0 {
				t.Errorf("%s, %d to %s: status %d, %v, after %d requests here and %d elsewhere", name, status, target, got, err, here, there)
			}
		}
	}
}

func redirect(status int, target string) answer {
	return answer{status: status, header: map[string]string{"Location": target}, body: "{}", isInvalid: true}
}

func newRequest(t *testing.T, method, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// The client sends its credentials only over https or to this machine. The error about a base URL hides its password.
func TestBaseURL(t *testing.T) {
	accepted := []string{
		"https://api.m3ter.com", "https://api.m3ter.com/", "HTTPS://api.m3ter.com:8443/prefix",
		"https://[2001:db8::1]", "http://localhost", "http://LOCALHOST:8080", "http://127.0.0.1:1",
		"http://127.9.9.9", "http://[::1]:8080",
	}
	refused := []string{
		"http://localho\u017ft", // EqualFold takes it for localhost, and a proxy does not
		"http://\uff4cocalhost", "http://api.m3ter.com", "http://localhost.example.com",
		"http://127.0.0.1.example.com", "http://localhost@example.com", "http://10.0.0.1", "http://0.0.0.0",
		"http://[::]", "https://key:hunter2@api.m3ter.com", "https://hunter2@api.m3ter.com",
		"https://:hunter2@api.m3ter.com", "http://key:hunter2@localhost",
		"https://key:hunter2@api.m3ter.com:port", "https://key:hunter2@", "key:hunter2@api.m3ter.com",
		"//key:hunter2@api.m3ter.com", "https://api.m3ter.com?hunter2", "https://api.m3ter.com?",
		"https://api.m3ter.com#hunter2", "ftp://api.m3ter.com", "file:///etc", "api.m3ter.com", "https://",
		"https:///path", "https:api.m3ter.com", "", "https://api.m3ter.com\n",
	}
	for i, url := range slices.Concat(accepted, refused) {
		_, err := m3teraccess.NewClient(localOptions(m3teraccess.WithBaseURL(url))...)
		if wantErr := i >= len(accepted); (err != nil) != wantErr {
			t.Errorf("%q: got %v, want an error: %t", url, err, wantErr)
		}
		if err != nil && (!errors.As(err, new(*m3teraccess.ValidationError)) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

// The client uses the caller's http.Client without its CheckRedirect, and does not change it.
func TestCallersHTTPClientIsUnchanged(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	followed := 0
	theirs := &http.Client{
		Transport:     newTransport(t),
		CheckRedirect: func(*http.Request, []*http.Request) error { followed++; return nil },
		Jar:           jar,
		Timeout:       time.Minute,
	}
	before := *theirs
	target := newServer(t, valid(200, `{"id":"p"}`))
	server := newServer(t, redirect(307, target.URL))
	if err := create(t, server.client(t, m3teraccess.WithHTTPClient(theirs))); err == nil || followed != 0 || len(target.requests()) != 0 {
		t.Errorf("the redirect was followed: %v", err)
	}
	if theirs.Transport != before.Transport || theirs.Jar != before.Jar || theirs.Timeout != before.Timeout || theirs.CheckRedirect == nil {
		t.Errorf("it was %+v and is %+v", before, *theirs)
	}
	resp, err := theirs.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if readAll(t, resp); followed != 1 {
		t.Error("it no longer follows redirects as it did")
	}
}

// The client spells a loopback host in lower case. For another spelling net/http would use the proxy, which would see
// the access token in clear text.
func TestLoopbackHostInUpperCase(t *testing.T) {
	var asked []string
	transport := viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Host, cmp.Or(r.Host, r.URL.Host))
		valid(200, `{"data":[]}`).ServeHTTP(w, r)
	})}
	client := newLocalClient(t, transport, m3teraccess.WithBaseURL("http://LOCALHOST:8080"))
	if err := read(t, client); err != nil {
		t.Fatal(err)
	}
	lower := newLocalClient(t, transport, m3teraccess.WithBaseURL("http://localhost:8080"))
	if _, err := lower.Do(newRequest(t, "GET", "http://LOCALHOST:8080/organizations/org/users/u/permissions")); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(asked, slices.Repeat([]string{"localhost:8080"}, 4)) {
		t.Errorf("sent to %q", asked)
	}
}

package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The rows about access tokens.
var tokenSituations = []situation{
	{"50 concurrent calls on a new client", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				resp, err := plain.read(t.Context(), nil)
				checkStatus(t, resp, err, 200)
			})
		}
		group.Wait()
		checkTokenRequests(t, fake, 1) // by plainOf
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		callAtOnce(t, 50, client)
		checkTokenRequests(t, fake, 1)
	})},

	{"an access token that is revoked before it expires", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		fake.RevokeTokens()
		fake.Inject(m3tertest.Fault{Times: 2, Status: 401})
		for _, status := range []int{401, 401, 403, 403} {
			resp, err := plain.create(t.Context())
			checkStatus(t, resp, err, status)
		}
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		for _, status := range []int{401, 403} {
			if err := read(t, client); err != nil {
				t.Fatal(err)
			}
			fake.RevokeTokens()
			if status == 401 {
				fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Times: 1, Status: 401})
			}
			if err := create(t, client); err != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
	})},

	{"a base URL with http instead of https", func(t *testing.T) {
		var sent *http.Request
		base := transportFunc(func(req *http.Request) (*http.Response, error) {
			sent = req
			return nil, errors.New("not sent on")
		})
		_, _ = newPlainClient(t, base, "http://m3ter.test", "o", staticToken).create(t.Context())
		if sent == nil || sent.URL.Scheme != "http" || sent.Header.Get("Authorization") != "Bearer "+staticToken {
			t.Errorf("sent %v", sent)
		}
	}, func(t *testing.T) {
		if _, err := m3teraccess.NewClient(localOptions(m3teraccess.WithBaseURL("http://m3ter.test"), withKey)...); err == nil {
			t.Error("accepted")
		}
	}},

	{"a POST that is redirected, with status 307, to another port on the same host", func(t *testing.T) {
		fake, elsewhere := newRedirectingFake(t)
		plain := plainOf(t, fake, newTransport(t))
		resp, err := plain.create(t.Context())
		checkStatus(t, resp, err, 200)
		for _, r := range elsewhere.requests() {
			if r.Method != http.MethodPost || r.ContentLength < 1 || r.Header.Get("Authorization") != "Bearer "+plain.token {
				t.Errorf("%s of %d bytes with %q", r.Method, r.ContentLength, r.Header)
			}
		}
		if n := len(elsewhere.requests()); n != 1 {
			t.Errorf("reached %d times", n)
		}
	}, func(t *testing.T) {
		fake, elsewhere := newRedirectingFake(t)
		var answered *m3teraccess.Error
		if err := create(t, clientOf(t, fake, newTransport(t))); !errors.As(err, &answered) || answered.StatusCode != 307 {
			t.Error(err)
		}
		if n := len(elsewhere.requests()); n != 0 {
			t.Errorf("reached %d times", n)
		}
	}},

	{"printing an error, or dumping the request that caused it", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		fake.Inject(m3tertest.Fault{Status: 500})
		resp, err := plain.create(t.Context())
		checkStatus(t, resp, err, 500)
		if strings.Contains(fmt.Sprintf("%v %+v %#v", resp, resp, resp), plain.token) {
			t.Error("the response shows the access token")
		}
		dump, err := httputil.DumpRequestOut(resp.HTTPResponse.Request, false)
		if err != nil || !strings.Contains(string(dump), plain.token) {
			t.Errorf("its request shows no access token: %s %v", dump, err)
		}
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		fake.Inject(m3tertest.Fault{Status: 500})
		err := create(t, client)
		inJSON, _ := json.Marshal(err)
		text := fmt.Sprintf("%v %+v %#v %s", err, err, err, inJSON)
		for _, request := range fake.Requests() {
			_, secret, _ := strings.Cut(request.Header.Get("Authorization"), " ")
			if strings.Contains(text, secret) || strings.Contains(text, fake.APISecret) {
				t.Errorf("shows a secret: %s", text)
			}
		}
	})},
}

// newRedirectingFake starts a fake that redirects every operation to another port of its host.
func newRedirectingFake(t *testing.T) (fake *m3tertest.Server, elsewhere *server) {
	fake, elsewhere = m3tertest.NewServer(), newServer(t, valid(200, `{"id":"p"}`))
	t.Cleanup(fake.Close)
	fake.Inject(m3tertest.Fault{Status: 307, Header: http.Header{"Location": {elsewhere.URL}, invalidMark: {"true"}}})
	return fake, elsewhere
}

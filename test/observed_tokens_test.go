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

// How a token is had, and where it goes.
var tokenSituations = []situation{
	{"50 concurrent first calls", bubbled(func(t *testing.T) {
		fake, plain := newPlain(t)
		fiftyTimes(func() {
			resp, err := plain.read(t.Context(), nil)
			checkStatus(t, resp, err, 200)
		})
		checkTokenRequests(t, fake, 1) // the caller's
	}), bubbled(func(t *testing.T) {
		fake, client := newDefault(t)
		fiftyTimes(func() {
			if err := read(t, client); err != nil {
				t.Error(err)
			}
		})
		checkTokenRequests(t, fake, 1)
	})},

	{"a token revoked before its expiry", func(t *testing.T) {
		for _, status := range []int{401, 403} {
			t.Run(fmt.Sprint(status), bubbled(func(t *testing.T) {
				fake, plain := newPlain(t)
				fake.RevokeTokens()
				if status == 401 {
					fake.Inject(m3tertest.Fault{Status: 401})
				}
				for range 2 {
					resp, err := plain.create(t.Context())
					checkStatus(t, resp, err, status)
				}
			}))
		}
	}, func(t *testing.T) {
		for _, status := range []int{401, 403} {
			t.Run(fmt.Sprint(status), bubbled(func(t *testing.T) {
				fake, client := newDefault(t)
				if err := read(t, client); err != nil {
					t.Fatal(err)
				}
				fake.RevokeTokens()
				if status == 401 {
					fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Times: 1, Status: 401})
				}
				if err := create(t, client); err != nil {
					t.Error(err)
				}
			}))
		}
	}},

	{"an http base URL", func(t *testing.T) {
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
		_, err := m3teraccess.NewClient(
			m3teraccess.WithBaseURL("http://m3ter.test"),
			m3teraccess.WithCredentials("k", "s"),
			m3teraccess.WithOrganization("o"),
		)
		if err == nil {
			t.Error("accepted")
		}
	}},

	{"a redirect to another port of the host", func(t *testing.T) {
		fake := m3tertest.NewServer()
		t.Cleanup(fake.Close)
		plain := plainOf(t, fake, newTransport(t))
		elsewhere := sendElsewhere(t, fake)
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
		fake, client := newFake(t)
		elsewhere := sendElsewhere(t, fake)
		var answered *m3teraccess.Error
		if err := create(t, client); !errors.As(err, &answered) || answered.StatusCode != 307 {
			t.Error(err)
		}
		for _, r := range elsewhere.requests() {
			t.Errorf("reached with Authorization %q and %d bytes", r.Header["Authorization"], r.ContentLength)
		}
	}},

	{"a failure, printed and dumped", bubbled(func(t *testing.T) {
		fake, plain := newPlain(t)
		fake.Inject(m3tertest.Fault{Status: 500})
		resp, err := plain.create(t.Context())
		checkStatus(t, resp, err, 500)
		if strings.Contains(fmt.Sprintf("%v %+v %#v", resp, resp, resp), plain.token) {
			t.Error("the answer shows the token")
		}
		dump, err := httputil.DumpRequestOut(resp.HTTPResponse.Request, false)
		if err != nil || !strings.Contains(string(dump), plain.token) {
			t.Errorf("its request shows no token: %s %v", dump, err)
		}
	}), bubbled(func(t *testing.T) {
		fake, client := newDefault(t)
		fake.Inject(m3tertest.Fault{Status: 500})
		err := create(t, client)
		inJSON, _ := json.Marshal(err)
		for _, text := range []string{fmt.Sprintf("%v %+v %#v", err, err, err), string(inJSON)} {
			for _, request := range fake.Requests() {
				_, secret, _ := strings.Cut(request.Header.Get("Authorization"), " ")
				if strings.Contains(text, secret) || strings.Contains(text, fake.APISecret) {
					t.Errorf("shows a secret: %s", text)
				}
			}
		}
	})},
}

func fiftyTimes(call func()) {
	var group sync.WaitGroup
	for range 50 {
		group.Go(call)
	}
	group.Wait()
}

// sendElsewhere has the fake redirect everybody to another port of its host.
func sendElsewhere(t *testing.T, fake *m3tertest.Server) (elsewhere *service) {
	elsewhere = newService(t, keeps(200, `{"id":"p"}`))
	fake.Inject(m3tertest.Fault{Status: 307, Header: http.Header{"Location": {elsewhere.URL}, breaksContract: {"true"}}})
	return elsewhere
}

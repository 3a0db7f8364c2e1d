package test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// One token request serves the concurrent first calls of all organizations. The row "50 concurrent calls on a new
// client" of tokenSituations tests those of one organization.
func TestOneTokenRequestForAllOrganizations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, client := newFake(t)
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				other := client
				if i%2 == 0 {
					other = client.Organization(fmt.Sprint("other-", i))
				}
				_ = create(t, other) // the fake refuses an organization that is not its own
			})
		}
		group.Wait()
		synctest.Wait()
		checkTokenRequests(t, fake, 2) // one more after a 403, which might mean an expired access token
		if n := len(operations(fake.Requests())); n != 20 {
			t.Errorf("%d calls came, want 20", n)
		}
	})
}

// callAtOnce makes n concurrent calls.
func callAtOnce(t *testing.T, n int, client *m3teraccess.Client) {
	t.Helper()
	var group sync.WaitGroup
	begin := make(chan struct{})
	for range n {
		group.Go(func() {
			<-begin
			if err := create(t, client); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	group.Wait()
}

func checkTokenRequests(t *testing.T, fake *m3tertest.Server, want int) {
	t.Helper()
	requests := fake.Requests()
	if got := len(requests) - len(operations(requests)); got != want {
		t.Errorf("%d token requests came, want %d", got, want)
	}
}

// A call that waits for an access token returns when its context is done. The token request continues for the other
// calls, even if the call that returned started the request.
func TestCallerLeavesWhileTheTokenIsFetched(t *testing.T) {
	for leaves, name := range []string{"the first", "another"} {
		t.Run(name, bubbled(func(t *testing.T) {
			release := make(chan struct{})
			asked := 0
			token := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++ // there must be one token request, so one goroutine
				select {
				case <-release:
					valid(200, `{"access_token":"t","token_type":"Bearer"}`).ServeHTTP(w, r)
				case <-r.Context().Done():
					t.Error("the token request ended")
				}
			})
			client := newLocalClient(t, viaHandler{withTokens(token, valid(200, `{"id":"p"}`))}, withKey)
			leaving, leave := context.WithCancel(t.Context())
			var results [2]chan error
			for i := range results {
				ctx := t.Context()
				if i == leaves {
					ctx = leaving
				}
				results[i] = make(chan error, 1)
				go func() { results[i] <- either(client.CreatePermissionPolicy(ctx, policyRequest())) }()
				synctest.Wait() // until the call waits for the access token
			}
			leave()
			synctest.Wait()
			select {
			case err := <-results[leaves]:
				if !errors.Is(err, context.Canceled) || errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
					t.Errorf("the caller that left got %v", err)
				}
			default:
				t.Error("the caller that left still waits")
			}
			close(release)
			if err := <-results[1-leaves]; err != nil || asked != 1 {
				t.Errorf("the other got %v after %d token requests", err, asked)
			}
		}))
	}
}

var withKey = m3teraccess.WithCredentials("a-key", "a-secret")

// withTokens makes a handler that passes token requests to token, and all other requests to calls.
func withTokens(token, calls http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/oauth/token", token)
	mux.Handle("/", calls)
	return mux
}

// The client sends the credentials as curl -u does, whatever their characters.
func TestCredentialsAreSentUnescaped(t *testing.T) {
	secrets := []string{"plain", "a+b", "a%2Fb", "a b", "a:b", "é€😀", `"quoted"\`, "&=?#", "~!@$^*()", "lead ing", "trailing=="}
	for _, secret := range secrets {
		for _, key := range []string{"key", "k+e%y é"} {
			t.Run(key+"/"+secret, func(t *testing.T) {
				fake, _ := newFake(t)
				fake.APIKey, fake.APISecret = key, secret
				if err := create(t, clientOf(t, fake, fake.Client().Transport)); err != nil {
					t.Fatal(err)
				}
				want := "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"+secret))
				token := fake.Requests()[0]
				if got := token.Header.Get("Authorization"); got != want || string(token.Body) != "grant_type=client_credentials" {
					t.Errorf("sent %s with %q, want %q", token.Body, got, want)
				}
			})
		}
	}
}

// The error of a failed token request has its status, and matches none of the sentinels. TestRefusedCredentials in
// wrapper tests refusals with a code.
func TestTokenRequestsThatFail(t *testing.T) {
	html := map[string]string{"Content-Type": "text/html"}
	for name, test := range map[string]struct {
		answer answer
		says   string
	}{
		"no access_token":  {valid(200, `{"token_type":"Bearer","expires_in":18000}`), ""},
		"HTML":             {answer{status: 200, body: "<html>", header: html}, ""},
		"empty":            {valid(200, ""), ""},
		"null":             {valid(200, "null"), ""},
		"401 of a gateway": {answer{status: 401, body: "<html>", header: html}, "check the access key id"},
		"403":              {valid(403, `{"message":"no"}`), "403"},
		"500":              {valid(500, `{"message":"no"}`), "500"},
		"502 of a gateway": {answer{status: 502, body: "<html>", header: html}, "502"},
	} {
		t.Run(name, bubbled(func(t *testing.T) { // a retry takes no time there
			calls := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the call was sent") })
			err := create(t, newLocalClient(t, viaHandler{withTokens(test.answer, calls)}, withKey))
			var failure *m3teraccess.AuthError
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), test.says) || failure.StatusCode != test.answer.status || failure.Code != "" {
				t.Fatalf("got %v, %+v", err, failure)
			}
			for _, sentinel := range sentinels {
				if errors.Is(err, sentinel) {
					t.Errorf("%v matches %v", err, sentinel)
				}
			}
		}))
	}
}

var sentinels = []error{
	m3teraccess.ErrBadRequest, m3teraccess.ErrUnauthorized, m3teraccess.ErrForbidden, m3teraccess.ErrNotFound,
	m3teraccess.ErrConflict, m3teraccess.ErrVersionConflict, m3teraccess.ErrRateLimited, m3teraccess.ErrServer, m3teraccess.ErrOutcomeUnknown,
	m3teraccess.ErrRepeatedToken,
}

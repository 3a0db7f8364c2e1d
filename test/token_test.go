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
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// However many callers come first, one request fetches the token for all.
func TestOneTokenRequestForConcurrentFirstCalls(t *testing.T) {
	t.Run("50, over sockets", func(t *testing.T) {
		fake, client := newFake(t)
		callAtOnce(t, 50, client)
		checkTokenRequests(t, fake, 1)
	})
	t.Run("1,000", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			fake := m3tertest.NewServer(m3tertest.InMemory())
			defer fake.Close()
			callAtOnce(t, 1000, clientOf(t, fake, viaHandler{fake}))
			checkTokenRequests(t, fake, 1)
		})
	})
	t.Run("with those of another organization", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			fake := m3tertest.NewServer(m3tertest.InMemory())
			defer fake.Close()
			client := clientOf(t, fake, viaHandler{fake})
			var group sync.WaitGroup
			for i := range 20 {
				group.Go(func() {
					other := client
					if i%2 == 0 {
						other = client.Organization(fmt.Sprint("other-", i))
					}
					_, _ = other.CreatePermissionPolicy(t.Context(), policyRequest()) // the fake refuses what is not its own
				})
			}
			group.Wait()
			synctest.Wait()
			checkTokenRequests(t, fake, 2) // one more for the 403 of the others, which might be of an expired token
			if n := len(operations(fake.Requests())); n != 20 {
				t.Errorf("%d calls came, want 20", n)
			}
		})
	})
}

// callAtOnce lets n callers begin together, and waits for them.
func callAtOnce(t *testing.T, n int, client *m3teraccess.Client) {
	t.Helper()
	var group sync.WaitGroup
	begin := make(chan struct{})
	for range n {
		group.Go(func() {
			<-begin
			if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	group.Wait()
}

func checkTokenRequests(t *testing.T, fake *m3tertest.Server, want int) {
	t.Helper()
	got := 0
	for _, request := range fake.Requests() {
		if request.Operation == "Token" {
			got++
		}
	}
	if got != want {
		t.Errorf("%d token requests came, want %d", got, want)
	}
}

// A caller whose context ends leaves at once; the request goes on for the others, also when it was the first caller's.
func TestCallerLeavesWhileTheTokenIsFetched(t *testing.T) {
	for _, who := range []string{"the first", "another"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				asked := 0
				base := viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/oauth/token" {
						keeps(200, `{"id":"p"}`).ServeHTTP(w, r)
						return
					}
					asked++ // by one goroutine, or the test fails
					<-release
					keeps(200, `{"access_token":"t","token_type":"Bearer"}`).ServeHTTP(w, r)
				})}
				client := newLocalClient(t, base, m3teraccess.WithCredentials("a-key", "a-secret"))
				leaving, leave := context.WithCancel(t.Context())
				contexts := []context.Context{leaving, t.Context()}
				if who == "another" {
					contexts[0], contexts[1] = contexts[1], contexts[0]
				}
				results := make(map[context.Context]chan error)
				for _, ctx := range contexts {
					result := make(chan error, 1)
					results[ctx] = result
					go func() {
						_, err := client.CreatePermissionPolicy(ctx, policyRequest())
						result <- err
					}()
					synctest.Wait() // for it to wait for the token
				}
				leave()
				synctest.Wait()
				select {
				case err := <-results[leaving]:
					if !errors.Is(err, context.Canceled) || errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
						t.Errorf("whoever left got %v", err)
					}
				default:
					t.Error("whoever left still waits")
				}
				close(release)
				if err := <-results[t.Context()]; err != nil || asked != 1 {
					t.Errorf("the other got %v after %d token requests", err, asked)
				}
			})
		})
	}
}

// The credentials are sent as curl -u sends them, whatever is in them; the fake's own secret is changed to such.
func TestCredentialsArriveAsTheyAre(t *testing.T) {
	for _, secret := range []string{"plain", "a+b", "a%2Fb", "a b", "a:b", "é€😀", `"quoted"\`, "&=?#", "~!@$^*()", "lead ing", "trailing=="} {
		for _, key := range []string{"key", "k+e%y é"} {
			t.Run(key+"/"+secret, func(t *testing.T) {
				fake := m3tertest.NewServer(m3tertest.InMemory())
				defer fake.Close()
				fake.APIKey, fake.APISecret = key, secret
				client := clientOf(t, fake, viaHandler{fake})
				if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil {
					t.Fatal(err)
				}
				token := fake.Requests()[0]
				if got, want := token.Header.Get("Authorization"), "Basic "+base64.StdEncoding.EncodeToString([]byte(key+":"+secret)); got != want {
					t.Errorf("sent %q, want %q", got, want)
				}
				if string(token.Body) != "grant_type=client_credentials" || token.Method != "POST" || token.Path != "/oauth/token" {
					t.Errorf("sent %s %s %s", token.Method, token.Path, token.Body)
				}
				if agent := token.Header.Get("User-Agent"); !strings.Contains(agent, "m3ter-access-go/") {
					t.Errorf("User-Agent %q", agent)
				}
			})
		}
	}
}

func TestTokenAnswers(t *testing.T) {
	html := map[string]string{"Content-Type": "text/html"}
	tests := []struct {
		name   string
		answer answer
		fails  bool
		code   string // of the AuthError
		says   string // what its text holds
	}{
		{name: "in order", answer: keeps(200, `{"access_token":"t","token_type":"Bearer","expires_in":18000}`)},
		{name: "expires_in a string", answer: keeps(200, `{"access_token":"t","token_type":"Bearer","expires_in":"18000"}`)},
		{name: "no expires_in", answer: keeps(200, `{"access_token":"t","token_type":"Bearer"}`)},
		{name: "no token_type", answer: keeps(200, `{"access_token":"t","expires_in":18000}`)},
		{name: "more fields", answer: keeps(200, `{"access_token":"t","token_type":"Bearer","scope":"a b","new":{}}`)},
		{name: "no access_token", answer: keeps(200, `{"token_type":"Bearer","expires_in":18000}`), fails: true},
		{name: "access_token empty", answer: keeps(200, `{"access_token":"","token_type":"Bearer"}`), fails: true},
		{name: "access_token of two lines", answer: keeps(200, `{"access_token":"a\nX-Injected: b","token_type":"Bearer"}`), fails: true},
		{name: "expires_in no number", answer: keeps(200, `{"access_token":"t","expires_in":"soon"}`), fails: true},
		{name: "HTML", answer: answer{status: 200, body: "<html>", header: html}, fails: true},
		{name: "empty", answer: keeps(200, ""), fails: true},
		{name: "null", answer: keeps(200, "null"), fails: true},
		{name: "401", answer: keeps(401, `{"error":"invalid_client","error_description":"unknown key"}`), fails: true, code: "invalid_client", says: "check the access key id"},
		{name: "400", answer: keeps(400, `{"error":"invalid_request"}`), fails: true, code: "invalid_request", says: "check the access key id"},
		{name: "401 of a gateway", answer: answer{status: 401, body: "<html>", header: html}, fails: true, says: "check the access key id"},
		{name: "403", answer: keeps(403, `{"message":"no"}`), fails: true, says: "403"},
		{name: "500", answer: keeps(500, `{"message":"no"}`), fails: true, says: "500"},
		{name: "502 of a gateway", answer: answer{status: 502, body: "<html>", header: html}, fails: true, says: "502"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // in which it takes no time, should the token be asked for again
				sent := 0
				client := newLocalClient(t, viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/oauth/token" {
						test.answer.ServeHTTP(w, r)
						return
					}
					if sent++; r.Header.Get("Authorization") != "Bearer t" {
						t.Errorf("sent %q", r.Header)
					}
					keeps(200, `{"id":"p"}`).ServeHTTP(w, r)
				})}, m3teraccess.WithCredentials("a-key", "a-secret"))
				_, err := client.CreatePermissionPolicy(t.Context(), policyRequest())
				if !test.fails {
					if err != nil || sent != 1 {
						t.Errorf("got %v after %d calls", err, sent)
					}
					return
				}
				var failure *m3teraccess.AuthError
				if !errors.As(err, &failure) || !strings.Contains(err.Error(), test.says) || sent != 0 {
					t.Fatalf("got %v after %d calls", err, sent)
				}
				if failure.StatusCode != test.answer.status {
					t.Errorf("status %d, want %d", failure.StatusCode, test.answer.status)
				}
				if want := test.code; failure.Code != want {
					t.Errorf("code %q, want %q", failure.Code, want)
				}
				for _, sentinel := range []error{m3teraccess.ErrOutcomeUnknown, m3teraccess.ErrUnauthorized, m3teraccess.ErrServer} {
					if errors.Is(err, sentinel) {
						t.Errorf("%v matches %v, though the call was never sent", err, sentinel)
					}
				}
			})
		})
	}
}

// A refusal of the credentials is shared for a second, so that a program that loops does not ask at each turn.
func TestRefusedCredentialsAreNotAskedForAtEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		client := newLocalClient(t, viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			keeps(401, `{"error":"invalid_client"}`).ServeHTTP(w, r)
		})}, m3teraccess.WithCredentials("a-key", "a-secret"))
		call := func() {
			t.Helper()
			if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); !errors.As(err, new(*m3teraccess.AuthError)) {
				t.Errorf("got %v", err)
			}
		}
		for range 10 {
			call()
		}
		if asked != 1 {
			t.Errorf("asked %d times at once", asked)
		}
		time.Sleep(1100 * time.Millisecond)
		if call(); asked != 2 {
			t.Errorf("asked %d times in all, after more than a second", asked)
		}
	})
}

// A token is used until it expires, and then fetched anew.
func TestTokenIsUsedUntilItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, client := newFakeInMemory(t) // its tokens last 5 hours
		for range 4 {
			callAtOnce(t, 3, client)
			time.Sleep(time.Hour)
		}
		checkTokenRequests(t, fake, 1)
		time.Sleep(2 * time.Hour)
		callAtOnce(t, 3, client)
		checkTokenRequests(t, fake, 2)
	})
}

package test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

type sourceFunc func() (*oauth2.Token, error)

func (f sourceFunc) Token() (*oauth2.Token, error) { return f() }

func TestTokenSource(t *testing.T) {
	errNoConsent := errors.New("the person has not consented")
	valid := &oauth2.Token{AccessToken: "theirs"}
	tests := []struct {
		name  string
		token *oauth2.Token
		err   error
	}{
		{"a token", valid, nil},
		{"an error", nil, errNoConsent},
		{"an error beside a token", valid, errNoConsent},
		{"no token, no error", nil, nil},
		{"an empty token", &oauth2.Token{}, nil},
		{"a token of two lines", &oauth2.Token{AccessToken: "a\r\nb"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			service := newService(t, keeps(200, `{"id":"p"}`))
			var concurrent, asked atomic.Int32
			client := service.client(t, m3teraccess.WithTokenSource(sourceFunc(func() (*oauth2.Token, error) {
				if concurrent.Add(1) > 1 {
					t.Error("the source is asked twice at once")
				}
				defer concurrent.Add(-1)
				asked.Add(1)
				return test.token, test.err
			})))
			if test.name == "a token" {
				callAtOnce(t, 20, client)
				for _, request := range service.requests() {
					if got := request.Header.Get("Authorization"); got != "Bearer theirs" || request.URL.Path == "/oauth/token" {
						t.Errorf("sent %s with %q", request.URL, got)
					}
				}
				if asked.Load() != 1 {
					t.Errorf("asked %d times", asked.Load())
				}
				return
			}
			_, err := client.CreatePermissionPolicy(t.Context(), policyRequest())
			if !errors.As(err, new(*m3teraccess.AuthError)) || !errors.Is(err, test.err) && test.err != nil || len(service.requests()) > 0 {
				t.Errorf("got %v after %d requests", err, len(service.requests()))
			}
		})
	}
}

// A source that takes its time doesn't hold a caller whose context ends.
func TestSlowTokenSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newLocalClient(t, viaHandler{keeps(200, `{"id":"p"}`)}, m3teraccess.WithTokenSource(sourceFunc(func() (*oauth2.Token, error) {
			time.Sleep(time.Minute)
			return &oauth2.Token{AccessToken: "late", Expiry: time.Now().Add(time.Hour)}, nil
		})))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := client.CreatePermissionPolicy(ctx, policyRequest())
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("got %v after %v", err, took)
		}
		_, err = client.CreatePermissionPolicy(t.Context(), policyRequest())
		if took := time.Since(began); err != nil || took != time.Minute {
			t.Errorf("got %v after %v", err, took)
		}
	})
}

// A token that no header should carry is sent nowhere, wherever it comes from.
func TestTokensThatNoHeaderCarries(t *testing.T) {
	for _, token := range []string{"Bearer x", " x", "x ", "x y", "x\n", "x\u00a0", "\u00e9", ""} {
		sent := 0
		quoted, _ := json.Marshal(token)
		service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/oauth/token" {
				keeps(200, `{"access_token":`+string(quoted)+`,"token_type":"Bearer"}`).ServeHTTP(w, r)
				return
			}
			sent++
		})
		source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
		for name, client := range map[string]*m3teraccess.Client{
			"source":   newLocalClient(t, viaHandler{service}, m3teraccess.WithTokenSource(source)),
			"endpoint": newLocalClient(t, viaHandler{service}, m3teraccess.WithCredentials("k", "s")),
		} {
			_, err := client.RequestSupport(t.Context(), supportRequest(0))
			if !errors.As(err, new(*m3teraccess.AuthError)) || sent != 0 {
				t.Errorf("%s, %q: %v, %d requests sent", name, token, err, sent)
			}
		}
	}
}

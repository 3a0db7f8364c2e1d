package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// All calls use one access token of a source. The client never calls Token concurrently.
func TestTokenSource(t *testing.T) {
	server := newServer(t, valid(200, `{"id":"p"}`))
	var concurrent, asked atomic.Int32
	callAtOnce(t, 20, server.client(t, m3teraccess.WithTokenSource(sourceFunc(func() (*oauth2.Token, error) {
		if concurrent.Add(1) > 1 {
			t.Error("Token is called concurrently")
		}
		defer concurrent.Add(-1)
		asked.Add(1)
		return &oauth2.Token{AccessToken: "theirs"}, nil
	}))))
	for _, request := range server.requests() {
		if got := request.Header.Get("Authorization"); got != "Bearer theirs" || request.URL.Path == "/oauth/token" {
			t.Errorf("sent %s with %q", request.URL, got)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// A call returns when its context is done, even if the token source is slow.
func TestSlowTokenSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := sourceFunc(func() (*oauth2.Token, error) {
			time.Sleep(time.Minute)
			return &oauth2.Token{AccessToken: "late", Expiry: time.Now().Add(time.Hour)}, nil
		})
		client := newLocalClient(t, viaHandler{valid(200, `{"id":"p"}`)}, m3teraccess.WithTokenSource(slow))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := either(client.CreatePermissionPolicy(ctx, policyRequest()))
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("got %v after %v", err, took)
		}
		err = create(t, client)
		if took := time.Since(began); err != nil || took != time.Minute {
			t.Errorf("got %v after %v", err, took)
		}
	})
}

// The client sends no request without an access token that is valid in a header.
func TestInvalidAccessTokens(t *testing.T) {
	errNoConsent := errors.New("the person has not consented")
	check := func(name string, token http.Handler, option m3teraccess.Option, want error) {
		t.Helper()
		calls := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Errorf("%s: the call was sent", name) })
		err := create(t, newLocalClient(t, viaHandler{withTokens(token, calls)}, option))
		if !errors.As(err, new(*m3teraccess.AuthError)) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	source := func(token *oauth2.Token, err error) m3teraccess.Option {
		return m3teraccess.WithTokenSource(sourceFunc(func() (*oauth2.Token, error) { return token, err }))
	}
	check("neither token nor error", valid(500, ""), source(nil, nil), nil)
	check("an error and a token", valid(500, ""), source(&oauth2.Token{AccessToken: "theirs"}, errNoConsent), errNoConsent)
	for _, token := range []string{"Bearer x", " x", "x ", "x y", "x\n", "a\r\nb", "x\u00a0", "\u00e9", ""} {
		quoted, _ := json.Marshal(token)
		check(fmt.Sprintf("source, %q", token), valid(500, ""), source(&oauth2.Token{AccessToken: token}, nil), nil)
		answer := valid(200, `{"access_token":`+string(quoted)+`,"token_type":"Bearer"}`)
		check(fmt.Sprintf("endpoint, %q", token), answer, withKey, nil)
	}
}

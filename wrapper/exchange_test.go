package m3teraccess

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// expires_in is any number of seconds, rounded down; one of none, or below, tells no expiry.
func TestExpiresIn(t *testing.T) {
	for value, want := range map[string]time.Duration{
		`18000`: 5 * time.Hour, `18000.0`: 5 * time.Hour, `1.8e4`: 5 * time.Hour, `18000.9`: 5 * time.Hour, `"18000"`: 5 * time.Hour,
		`"18000.5"`: 5 * time.Hour, `1e400`: 24 * time.Hour, `99999999999`: 24 * time.Hour,
		`0`: 0, `-1`: 0, `-1.5`: 0, `0.0`: 0, `-3000000000`: 0, `-1e400`: 0, `null`: 0,
	} {
		for member, want := range map[string]time.Duration{"expires_in": want, "Expires_In": 0} {
			synctest.Test(t, func(t *testing.T) {
				s := &script{token: answers(200, fmt.Sprintf(`{"access_token":"token-1","token_type":"Bearer",%q:%s}`, member, value))}
				client := newScripted(t, s)
				call := func(after time.Duration, want int) {
					time.Sleep(after)
					if err := methods[3].call(t.Context(), client); err != nil {
						t.Errorf("%s: %v", value, err)
					}
					synctest.Wait()
					if n := s.tokenRequests(); n != want {
						t.Errorf("%s: %d tokens, want %d", value, n, want)
					}
				}
				switch call(0, 1); want {
				case 0:
					call(10*365*24*time.Hour, 1)
				case 5 * time.Hour:
					call(4*time.Hour+54*time.Minute, 1)
					call(time.Hour, 2)
				default:
					call(want, 1)
				}
			})
		}
	}
}

// A refusal of the credentials is shared by who asks within the next second, and says what to check.
func TestRefusedCredentials(t *testing.T) {
	for _, status := range []int{400, 401, 403} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{token: answers(status, `{"message":"no"}`)}
			client := newScripted(t, s)
			var group sync.WaitGroup
			for i := range 20 {
				group.Go(func() {
					time.Sleep(time.Duration(i) * 40 * time.Millisecond)
					err := methods[i%len(methods)].call(t.Context(), client)
					if !errors.As(err, new(*AuthError)) || !strings.Contains(err.Error(), "WithCredentials") {
						t.Errorf("%d: %v", status, err)
					}
				})
			}
			group.Wait()
			if s.tokenRequests() != 1 {
				t.Errorf("%d: %d token requests", status, s.tokenRequests())
			}
		})
	}
}

// Who brings a source of tokens is not sent to look at credentials.
func TestRefusedTokenSource(t *testing.T) {
	for _, status := range []int{400, 401, 403} {
		refused := &oauth2.RetrieveError{Response: &http.Response{StatusCode: status}, ErrorCode: "invalid_grant"}
		err := methods[0].call(t.Context(), newScripted(t, &script{}, WithTokenSource(failingSource{refused})))
		if !errors.As(err, new(*AuthError)) || strings.Contains(err.Error(), "WithCredentials") || !strings.Contains(err.Error(), "WithTokenSource") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

type failingSource struct{ err error }

func (s failingSource) Token() (*oauth2.Token, error) { return nil, s.err }

// A wait is announced when it begins, with its length.
func TestWaitsAreLoggedBefore(t *testing.T) {
	slow := answers(503, `{}`, "Retry-After: 25")
	for want, s := range map[string]*script{
		`msg="m3ter call is tried again" `:          {steps: []step{slow}},
		`msg="m3ter token request is tried again" `: {token: slow},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&out, nil))
			go methods[3].call(t.Context(), newScripted(t, s, WithLogger(logger)))
			time.Sleep(time.Second)
			synctest.Wait()
			if text := out.String(); !strings.Contains(text, want) || !strings.Contains(text, "wait=25s") || !strings.Contains(text, "503") {
				t.Errorf("after a second:\n%s", text)
			}
			s.setToken(nil)
			time.Sleep(time.Hour)
		})
	}
}

// A form tells an expiry as JSON does.
func TestExpiresInOfAForm(t *testing.T) {
	s := &script{token: answers(200, `access_token=token-1&token_type=Bearer&expires_in=-5`, "Content-Type: application/x-www-form-urlencoded")}
	client := newScripted(t, s)
	for range 3 {
		if err := methods[3].call(t.Context(), client); err != nil || s.tokenRequests() != 1 {
			t.Errorf("%v after %d token requests", err, s.tokenRequests())
		}
	}
}

// A token answer is read by the rules of all answers: exact names, none twice, valid Unicode, a byte order mark or none.
func TestTokenAnswerIsStrict(t *testing.T) {
	for body, want := range map[string]bool{
		`{"access_token":"a","token_type":"Bearer"}`:             true,
		"\ufeff" + `{"access_token":"a"}`:                        true,
		`{"access_token":"a","Access_Token":"b c"}`:              true,
		`{"access_token":"a","scope":["x"],"Token_Type":"mac"}`:  true,
		`{"ACCESS_TOKEN":"a"}`:                                   false,
		`{"access_token":"a","access_token":"b"}`:                false,
		`{"access_token":"a","x":{"y":1,"y":2}}`:                 false,
		`{"access_token":"a","expires_in":18000,"expires_in":1}`: false,
		"{\"access_token\":\"a\",\"x\":\"\xff\"}":                false,
		`{"access_token":"a","x":"\ud83d"}`:                      false,
		`{"access_token":"a"}{}`:                                 false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{token: answers(200, body)}
			err := methods[3].call(t.Context(), newScripted(t, s))
			if (err == nil) != want || err != nil && !errors.As(err, new(*AuthError)) {
				t.Errorf("%q: %v", body, err)
			}
			if n := s.tokenRequests(); n != 1 {
				t.Errorf("%q: %d token requests", body, n)
			}
		})
	}
}

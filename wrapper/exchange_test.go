package m3teraccess

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// expires_in is a number of seconds, rounded down. If it is 0, negative or null, the token does not expire.
func TestExpiresIn(t *testing.T) {
	const fiveHours = 5*time.Hour - 6*time.Minute // shortly before the renewal
	const never = 10 * 365 * 24 * time.Hour
	check := func(name string, token step, lasts time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{token: token}
			client := newScripted(t, s)
			for i, after := range []time.Duration{0, lasts, time.Hour} {
				time.Sleep(after)
				err := doRead(t, client)
				synctest.Wait()
				isRenewed := i == 2 && lasts == fiveHours
				if n := s.tokens.Load(); err != nil || n > 2 || (n == 2) != isRenewed {
					t.Errorf("%s: %d tokens after another %v: %v", name, n, after, err)
				}
			}
		})
	}
	for value, lasts := range map[string]time.Duration{
		`18000`: fiveHours, `18000.0`: fiveHours, `1.8e4`: fiveHours, `18000.9`: fiveHours, `"18000"`: fiveHours, `"18000.5"`: fiveHours,
		`1e400`: 24 * time.Hour, `99999999999`: 24 * time.Hour,
		`0`: never, `-1`: never, `-1.5`: never, `0.0`: never, `-3000000000`: never, `-1e400`: never, `null`: never,
	} {
		for member, lasts := range map[string]time.Duration{"expires_in": lasts, "Expires_In": never} {
			check(value, answers(200, fmt.Sprintf(`{"access_token":"a","token_type":"Bearer",%q:%s}`, member, value)), lasts)
		}
	}
	form := answers(200, `access_token=a&token_type=Bearer&expires_in=-5`, "Content-Type: application/x-www-form-urlencoded")
	check("a form", form, never)
}

// Callers share a refusal of the credentials for one second. The error names the credentials to check.
func TestRefusedCredentials(t *testing.T) {
	advice := regexp.MustCompile("no such key.*WithCredentials.*M3TER_API_SECRET")
	for _, status := range []int{400, 401, 403} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{token: answers(status, `{"error":"invalid_client","error_description":"no such key"}`)}
			client := newScripted(t, s)
			for i := range 20 {
				var failure *AuthError
				err := methods[i%len(methods)].call(t.Context(), client)
				if !errors.As(err, &failure) || failure.StatusCode != status || failure.Code != "invalid_client" || !advice.MatchString(err.Error()) {
					t.Errorf("%d: %v", status, err)
				}
				time.Sleep(40 * time.Millisecond)
			}
			if s.tokens.Load() != 1 {
				t.Errorf("%d: %d token requests", status, s.tokens.Load())
			}
			time.Sleep(time.Second)
			s.setToken(nil)
			succeeds(t, client, 0)
		})
	}
}

// The log announces a wait when it begins, with its length.
func TestWaitsAreLoggedBefore(t *testing.T) {
	slow := answers(503, `{}`, "Retry-After: 25")
	for want, s := range map[string]*script{
		`msg="retrying m3ter call" `:          {steps: []step{slow}},
		`msg="retrying m3ter token request" `: {token: slow},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			go doRead(t, newScripted(t, s, WithLogger(slog.New(slog.NewTextHandler(&out, nil)))))
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

// A token response follows the rules of all responses: exact names, no name twice, valid Unicode, at most one mark.
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
		`{"access_token":"a","expires_in":"soon"}`:               false,
		"{\"access_token\":\"a\",\"x\":\"\xff\"}":                false,
		`{"access_token":"a","x":"\ud83d"}`:                      false,
		`{"access_token":"a"}{}`:                                 false,
		`{"access_token":"a\nb"}`:                                false,
		`{"error":"invalid_client"}`:                             false,
	} {
		s := &script{token: answers(200, body)}
		err := doRead(t, newScripted(t, s))
		if (err == nil) != want || err != nil && !errors.As(err, new(*AuthError)) || s.tokens.Load() != 1 {
			t.Errorf("%q: %v after %d token requests", body, err, s.tokens.Load())
		}
	}
}

package test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/oauth2"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// Credentials with characters that are spelled differently in a URL, in JSON and in a form.
const (
	apiKey      = "the-KEY"
	apiSecret   = `hun+ter"2&/<%é`
	accessToken = "eyJ0b2tlbg.access+token/==" // of a token answer
)

var basicValue = base64.StdEncoding.EncodeToString([]byte(apiKey + ":" + apiSecret))

// spellings of a secret that an echo may have.
func spellings(secret string) map[string]string {
	plain := new(bytes.Buffer)
	encoder := json.NewEncoder(plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	escaped, _ := json.Marshal(secret)
	return map[string]string{
		"as it is":                secret,
		"in JSON":                 strings.Trim(plain.String(), "\"\n"),
		"in JSON that suits HTML": strings.Trim(string(escaped), `"`),
		"in a query":              url.QueryEscape(secret),
		"in a path":               url.PathEscape(secret),
	}
}

// checkShown fails when a text shows a secret in any spelling.
func checkShown(t *testing.T, where, text string) {
	t.Helper()
	for name, secret := range map[string]string{"secret": apiSecret, "Basic value": basicValue, "token": accessToken} {
		for how, spelling := range spellings(secret) {
			if strings.Contains(text, spelling) {
				t.Fatalf("%s shows the %s, %s: %s", where, name, how, text)
			}
		}
	}
}

// everyText is a value in each form in which it may be printed or logged.
func everyText(value any) map[string]string {
	texts := map[string]string{
		"%v": fmt.Sprintf("%v", value), "%+v": fmt.Sprintf("%+v", value), "%#v": fmt.Sprintf("%#v", value),
		"%s": fmt.Sprintf("%s", value), "%q": fmt.Sprintf("%q", value), "%d": fmt.Sprintf("%d", value),
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var out bytes.Buffer
		slog.New(handler(&out)).Info("message", "value", value, "group", slog.GroupValue(slog.Any("value", value)))
		texts[name] = out.String()
	}
	asJSON, err := json.Marshal(value)
	if err == nil {
		texts["JSON"] = string(asJSON)
	}
	return texts
}

func TestClientsShowNoSecrets(t *testing.T) {
	token := &oauth2.Token{AccessToken: accessToken}
	client := newClient(t, viaHandler{secretService(keeps(200, `{"id":"p"}`))}, secretOptions()...)
	withSource := newLocalClient(t, viaHandler{keeps(200, `{"id":"p"}`)}, m3teraccess.WithTokenSource(oauth2.StaticTokenSource(token)))
	for kind, client := range map[string]*m3teraccess.Client{
		"with credentials": client, "with a token source": withSource, "of another organization": client.Organization("other"),
	} {
		if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil { // so that there is a token
			t.Fatal(err)
		}
		values := map[string]any{
			"the client":            client,
			"its value":             *client,
			"a struct with it":      struct{ Client *m3teraccess.Client }{client},
			"a struct of its value": struct{ Client m3teraccess.Client }{*client},
			"a hidden value":        struct{ client m3teraccess.Client }{*client},
			"a pointer to it":       &struct{ client m3teraccess.Client }{*client},
			"a list":                []m3teraccess.Client{*client},
			"its options":           secretOptions(),
		}
		for name, value := range values {
			t.Run(kind+"/"+name, func(t *testing.T) {
				for verb, text := range everyText(value) {
					checkShown(t, verb, text)
					if strings.Contains(text, apiKey) {
						t.Errorf("%s shows the key: %s", verb, text)
					}
				}
			})
		}
		if text := fmt.Sprint(client); !strings.Contains(text, "http://localhost") {
			t.Errorf("%q doesn't tell what client it is", text)
		}
	}
}

func secretOptions() []m3teraccess.Option {
	return localOptions(m3teraccess.WithCredentials(apiKey, apiSecret))
}

// secretService hands out the token, and leaves all else to another.
func secretService(other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			keeps(200, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":18000}`, accessToken)).ServeHTTP(w, r)
		} else {
			other.ServeHTTP(w, r)
		}
	})
}

// A service that repeats what it was sent, in each spelling, and in each part of an answer.
func TestErrorsShowNoSecretsThatTheServiceEchoes(t *testing.T) {
	for name, secret := range map[string]string{"secret": apiSecret, "Basic": "Basic " + basicValue, "Bearer": "Bearer " + accessToken} {
		for how, spelling := range spellings(secret) {
			message, _ := json.Marshal(secret)
			for where, body := range map[string]string{
				"message":             fmt.Sprintf(`{"message":%s}`, message),
				"body":                spelling,
				"body, across 8 KiB":  strings.Repeat(" ", maxErrorBody-len(spelling)+len(secret)-len(secret)/2) + spelling,
				"text that is cut":    fmt.Sprintf(`{"message":"%s%s"}`, strings.Repeat("x", maxErrorText-100), strings.Repeat(string(message[1:len(message)-1]), 9)),
				"field of wrong type": fmt.Sprintf(`{"id":7,"x":"%s"}`, spelling),
			} {
				for _, status := range []int{200, 400, 500} {
					t.Run(fmt.Sprintf("%s %s in %s of %d", name, how, where, status), func(t *testing.T) {
						a := breaks(status, body)
						a.header = map[string]string{"X-Request-Id": spelling, "Content-Type": "text/x-" + url.PathEscape(secret)}
						client := newClient(t, viaHandler{secretService(a)}, secretOptions()...)
						_, err := client.RequestSupport(t.Context(), supportRequest(1))
						checkError(t, "the error", err)
						_, err = client.UserPermissionsPage(t.Context(), "u", m3teraccess.PageParams{})
						checkError(t, "the error", err)
					})
				}
			}
		}
	}
}

// checkError looks at an error, at all that it wraps, and at what each of them keeps.
func checkError(t *testing.T, where string, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for verb, text := range everyText(err) {
		checkShown(t, where+", by "+verb, text)
	}
	var failure *m3teraccess.Error
	if errors.As(err, &failure) {
		checkBody(t, where, failure.Body)
		checkShown(t, where+", Message", failure.Message)
		checkShown(t, where+", RequestID", failure.RequestID)
	}
	var unreadable *m3teraccess.DecodeError
	if errors.As(err, &unreadable) {
		checkBody(t, where, unreadable.Body)
	}
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) {
		t.Errorf("%s: an oauth2.RetrieveError, which holds the credentials, is within reach", where)
	}
	switch wrapping := err.(type) {
	case interface{ Unwrap() error }:
		if inner := wrapping.Unwrap(); inner != nil {
			checkError(t, where+", unwrapped", inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			checkError(t, where+", unwrapped", inner)
		}
	}
}

// checkBody looks at the part of an answer that an error keeps; it must not end with a part of a secret either.
func checkBody(t *testing.T, where string, kept []byte) {
	t.Helper()
	checkShown(t, where+", Body", string(kept))
	for _, secret := range []string{apiSecret, basicValue, accessToken} {
		if half := secret[:len(secret)/2]; bytes.HasSuffix(kept, []byte(half)) {
			t.Errorf("%s, Body: ends with %q, the half of a secret", where, half)
		}
	}
}

// The token endpoint is the one that sees the credentials.
func TestErrorsShowNoSecretsThatTheTokenEndpointEchoes(t *testing.T) {
	for name, secret := range map[string]string{"secret": apiSecret, "Basic": "Basic " + basicValue} {
		for how, spelling := range spellings(secret) {
			quoted, _ := json.Marshal(spelling)
			for where, a := range map[string]answer{
				"error":        {body: fmt.Sprintf(`{"error":%s,"error_description":%s,"error_uri":%s}`, quoted, quoted, quoted)},
				"body":         {body: spelling},
				"form":         {body: "error=" + url.QueryEscape(spelling), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
				"wrong type":   {body: fmt.Sprintf(`{"expires_in":%s}`, quoted)},
				"content type": {body: "{}", header: map[string]string{"Content-Type": spelling}},
			} {
				for _, a.status = range []int{200, 302, 400, 401, 500} {
					t.Run(fmt.Sprintf("%s %s in %s of %d", name, how, where, a.status), func(t *testing.T) {
						_, err := newClient(t, viaHandler{a}, secretOptions()...).CreatePermissionPolicy(t.Context(), policyRequest())
						if !errors.As(err, new(*m3teraccess.AuthError)) {
							t.Errorf("got %v, want an AuthError", err)
						}
						checkError(t, "the error", err)
					})
				}
			}
		}
	}
}

// A transport whose errors tell everything, as some of those that log and trace do.
func TestErrorsShowNoSecretsOfTheTransport(t *testing.T) {
	for _, failing := range []string{"the token request", "the call", "the body of the answer"} {
		base := transportFunc(func(req *http.Request) (*http.Response, error) {
			isToken := req.URL.Path == "/oauth/token"
			told := &talkative{req.Header.Clone(), context.DeadlineExceeded}
			switch {
			case isToken && failing != "the token request":
				return viaHandler{secretService(nil)}.RoundTrip(req)
			case failing == "the body of the answer":
				return &http.Response{
					StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
					Body: io.NopCloser(iotest.ErrReader(told)),
				}, nil
			}
			return nil, fmt.Errorf("can't send: %w", told)
		})
		for _, call := range calls {
			err := call.do(t.Context(), newClient(t, base, secretOptions()...))
			if err == nil {
				t.Fatalf("%s: no error", call.name)
			}
			checkError(t, call.name+", "+failing, err)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: %v no longer matches what it was", call.name, failing, err)
			}
		}
	}
}

// A talkative error has the headers of the request in its text and in itself.
type talkative struct {
	Header http.Header
	err    error
}

func (t *talkative) Error() string { return fmt.Sprintf("%v: %v", t.Header, t.err) }
func (t *talkative) Unwrap() error { return t.err }

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

// The credentials have characters whose spelling differs in a URL, in JSON and in a form.
const (
	apiKey      = "the-KEY"
	apiSecret   = `hun+ter"2&/<%é`
	accessToken = "eyJ0b2tlbg.access+token/==" // of a token response
)

var basicValue = base64.StdEncoding.EncodeToString([]byte(apiKey + ":" + apiSecret))

// spellings returns the spellings of a secret in a response.
func spellings(secret string) map[string]string {
	return map[string]string{
		"as it is":                secret,
		"in JSON":                 strings.ReplaceAll(secret, `"`, `\"`),
		"in JSON that suits HTML": strings.Trim(toJSON(secret), `"`),
		"in a query":              url.QueryEscape(secret),
		"in a path":               url.PathEscape(secret),
	}
}

// checkShown fails if a text shows a secret in any spelling.
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

// everyText returns the texts of a value that a program may print or log.
func everyText(value any) map[string]string {
	texts := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		texts[verb] = fmt.Sprintf(verb, value)
	}
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("message", "value", value, "group", slog.GroupValue(slog.Any("value", value)))
	}
	texts["slog"] = out.String()
	asJSON, _ := json.Marshal(value)
	texts["JSON"] = string(asJSON)
	return texts
}

func TestClientsShowNoSecrets(t *testing.T) {
	token := &oauth2.Token{AccessToken: accessToken}
	client := newSecretClient(t, tokenAnswer, valid(200, `{"id":"p"}`))
	withSource := newLocalClient(t, viaHandler{valid(200, `{"id":"p"}`)}, m3teraccess.WithTokenSource(oauth2.StaticTokenSource(token)))
	for kind, client := range map[string]*m3teraccess.Client{
		"with credentials": client, "with a token source": withSource, "of another organization": client.Organization("other"),
	} {
		if err := create(t, client); err != nil { // fetches an access token
			t.Fatal(err)
		}
		for name, value := range map[string]any{
			"the client":            client,
			"its value":             *client,
			"a struct with it":      struct{ Client *m3teraccess.Client }{client},
			"a struct of its value": struct{ Client m3teraccess.Client }{*client},
			"a hidden value":        struct{ client m3teraccess.Client }{*client},
			"a pointer to it":       &struct{ client m3teraccess.Client }{*client},
			"a list":                []m3teraccess.Client{*client},
			"its option":            withSecret,
		} {
			for verb, text := range everyText(value) {
				where := fmt.Sprintf("a client %s, %s, by %s", kind, name, verb)
				checkShown(t, where, text)
				if strings.Contains(text, apiKey) {
					t.Errorf("%s shows the key: %s", where, text)
				}
			}
		}
		if text := fmt.Sprint(client); !strings.Contains(text, "http://localhost") {
			t.Errorf("%q doesn't tell what client it is", text)
		}
	}
}

var (
	withSecret  = m3teraccess.WithCredentials(apiKey, apiSecret)
	tokenAnswer = valid(200, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":18000}`, accessToken))
)

// newSecretClient makes a client with the secret. Its server has one response to token requests, and one to calls.
func newSecretClient(t *testing.T, token, calls answer) *m3teraccess.Client {
	return newUncheckedClient(t, "http://localhost", viaHandler{withTokens(token, calls)}, withSecret)
}

// The server repeats what it was sent, in each spelling and in each part of a response. Only the token endpoint sees
// the credentials, and only the other endpoints see the access token.
func TestErrorsShowNoSecretsThatTheServerEchoes(t *testing.T) {
	for name, secret := range map[string]string{"secret": apiSecret, "Basic": "Basic " + basicValue, "Bearer": "Bearer " + accessToken} {
		for how, spelling := range spellings(secret) {
			message, quoted := toJSON(secret), toJSON(spelling)
			header := map[string]string{"X-Request-Id": spelling, "Content-Type": "text/x-" + url.PathEscape(secret)}
			form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
			for where, a := range map[string]answer{
				"message":             {header: header, body: fmt.Sprintf(`{"message":%s}`, message)},
				"body":                {header: header, body: spelling},
				"body, across 8 KiB":  {header: header, body: strings.Repeat(" ", maxErrorBody-len(spelling)+len(secret)-len(secret)/2) + spelling},
				"text that is cut":    {header: header, body: fmt.Sprintf(`{"message":"%s%s"}`, strings.Repeat("x", maxErrorText-100), strings.Repeat(message[1:len(message)-1], 9))},
				"field of wrong type": {header: header, body: fmt.Sprintf(`{"id":7,"x":"%s"}`, spelling)},
				"error":               {body: fmt.Sprintf(`{"error":%s,"error_description":%s,"error_uri":%s}`, quoted, quoted, quoted)},
				"JSON body":           {body: spelling},
				"form":                {header: form, body: "error=" + url.QueryEscape(spelling)},
				"expires_in":          {body: fmt.Sprintf(`{"expires_in":%s}`, quoted)},
				"content type":        {header: map[string]string{"Content-Type": spelling}, body: "{}"},
			} {
				for _, a.status = range []int{200, 302, 400, 401, 500} {
					where := fmt.Sprintf("%s %s in %s of %d", name, how, where, a.status)
					if name != "Bearer" {
						err := create(t, newSecretClient(t, a, answer{}))
						if !errors.As(err, new(*m3teraccess.AuthError)) {
							t.Errorf("%s: got %v, want an AuthError", where, err)
						}
						checkError(t, where+", token endpoint", err)
					}
					client := newSecretClient(t, tokenAnswer, a)
					checkError(t, where, create(t, client))
					checkError(t, where, read(t, client))
				}
			}
		}
	}
}

// checkError fails if an error, an error that it wraps, or a field of one of these errors shows a secret.
func checkError(t *testing.T, where string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: no error", where)
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
			checkError(t, where, inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			checkError(t, where, inner)
		}
	}
}

// checkBody fails if the body that an error keeps shows a secret, or ends with the first half of one.
func checkBody(t *testing.T, where string, kept []byte) {
	t.Helper()
	checkShown(t, where+", Body", string(kept))
	for _, secret := range []string{apiSecret, basicValue, accessToken} {
		if half := secret[:len(secret)/2]; bytes.HasSuffix(kept, []byte(half)) {
			t.Errorf("%s, Body: ends with %q, half of a secret", where, half)
		}
	}
}

// The client hides the errors of a transport that show the headers of the request.
func TestErrorsShowNoSecretsOfTheTransport(t *testing.T) {
	for _, failing := range []string{"the token request", "the call", "the body of the answer"} {
		base := transportFunc(func(req *http.Request) (*http.Response, error) {
			isToken := req.URL.Path == "/oauth/token"
			told := fmt.Errorf("%v: %w", req.Header, context.DeadlineExceeded)
			switch {
			case isToken && failing != "the token request":
				return viaHandler{tokenAnswer}.RoundTrip(req)
			case failing == "the body of the answer":
				return &http.Response{
					StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
					Body: io.NopCloser(iotest.ErrReader(told)),
				}, nil
			}
			return nil, fmt.Errorf("can't send: %w", told)
		})
		for _, call := range calls {
			err := call.do(t.Context(), newLocalClient(t, base, withSecret))
			if err == nil {
				t.Fatalf("%s: no error", call.name)
			}
			checkError(t, call.name+", "+failing, err)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: %v does not match the error of the transport", call.name, failing, err)
			}
		}
	}
}

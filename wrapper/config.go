package m3teraccess

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

// config is the result of the options and the environment. It holds secrets, so it is not kept after NewClient returns.
type config struct {
	given            struct{ auth, organization, baseURL bool } // set by an option, even by an option that was not valid
	credentials      credentials                                // the zero value when source is set
	source           oauth2.TokenSource                         // nil when credentials are set
	orgID            string
	baseURL          *url.URL
	httpClient       *http.Client
	userAgent        string
	timeout          time.Duration
	maxResponseBytes int64
	retry            RetryPolicy
	limiterOf        func(orgID string) Limiter // nil: the default limiter, one for each organization
	logger           *slog.Logger
	vault            *vault // secrets that are never shown
}

// credentials are the access key id and the API secret of a service user.
type credentials struct{ key, secret string }

// basic returns the credentials as the value of an Authorization header, encoded as curl -u encodes them.
func (c credentials) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.key+":"+c.secret))
}

// secrets returns the parts of the credentials that are never shown: the API secret, and the credentials in base64.
func (c *config) secrets() []string {
	if c.credentials.secret == "" {
		return nil
	}
	return []string{c.credentials.secret, strings.TrimPrefix(c.credentials.basic(), "Basic ")}
}

// isNil reports whether a value is nil, or an interface that holds a nil pointer, function or the like. Calling a
// method of such a value may panic.
func isNil(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	return false
}

// checkToken refuses an access token that must not be sent in a header.
func checkToken(token *oauth2.Token) error {
	if token == nil || token.AccessToken == "" {
		return errors.New("no access token was returned")
	}
	if problem := problemOfToken(token.AccessToken); problem != "" {
		return errors.New("the access token " + problem)
	}
	return nil
}

// problemOfToken says what is wrong with an access token, without showing the token.
func problemOfToken(token string) string {
	switch {
	case strings.ContainsFunc(token, unicode.IsSpace):
		return "contains a space or a line break (does it begin with Bearer?)"
	case strings.ContainsFunc(token, func(r rune) bool { return r < '!' || r > '~' }):
		return "contains a character that is not visible ASCII"
	}
	return ""
}

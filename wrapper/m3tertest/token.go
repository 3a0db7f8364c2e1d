package m3tertest

import (
	"crypto/rand"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/internal/strictjson"
)

const tokenPath = "/oauth/token"

// tokens holds the issued access tokens with their expiry; a revoked token has the zero time.
type tokens struct {
	lifetime time.Duration

	mu      sync.Mutex
	expires map[string]time.Time
}

func newTokens(lifetime time.Duration) tokens {
	return tokens{lifetime: lifetime, expires: make(map[string]time.Time)}
}

func (t *tokens) issue() string {
	token := rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expires[token] = time.Now().Add(t.lifetime)
	return token
}

func (t *tokens) check(token string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	expires, known := t.expires[token]
	switch {
	case !known:
		return refuse(http.StatusForbidden, "the access token is missing or unknown")
	case expires.IsZero():
		return refuse(http.StatusForbidden, "the access token was revoked")
	case !time.Now().Before(expires):
		return refuse(http.StatusForbidden, "the access token has expired")
	}
	return nil
}

// RevokeTokens makes the server refuse, with 403, all access tokens issued so far, as if they had expired. To simulate
// a gateway that responds with 401, use [Server.InjectFunc]: the function can tell the old access token from the new
// one. After a 403, a Client of package m3teraccess renews its access token at most once a minute. So if the access
// tokens are revoked again within a minute of such a renewal, calls fail with 403 until that minute is over.
func (s *Server) RevokeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	for token := range s.tokens.expires {
		s.tokens.expires[token] = time.Time{}
	}
}

// authenticated passes on token requests, and requests with a valid access token. It responds to any other request with
// 403 rather than 401, as m3ter documents.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != tokenPath {
			if err := s.tokens.check(bearer(r)); err != nil {
				writeError(w, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
}

// tokenError is an error in the form that OAuth 2.0 defines. The errors of the other endpoints have a different form.
type tokenError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// issueToken serves POST /oauth/token.
func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if key, secret, ok := r.BasicAuth(); !ok || key != s.APIKey || secret != s.APISecret {
		w.Header().Set("WWW-Authenticate", `Basic realm="m3ter"`)
		writeJSON(w, http.StatusUnauthorized, tokenError{"invalid_client", "the access key id or the API secret is wrong"})
		return
	}
	grant, err := grantType(r)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, tokenError{"invalid_request", err.Error()})
		return
	}
	if grant != "client_credentials" {
		writeJSON(w, http.StatusBadRequest, tokenError{"unsupported_grant_type", "grant_type must be client_credentials"})
		return
	}
	writeJSON(w, http.StatusOK, tokenAnswer{
		AccessToken: s.tokens.issue(),
		TokenType:   "Bearer",
		ExpiresIn:   max(1, int64(s.tokens.lifetime/time.Second)), // x/oauth2 takes 0 to mean that the token never expires
	})
}

// grantType reads grant_type from a form or a JSON body.
func grantType(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch mediaType {
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		return form.Get("grant_type"), err
	case "application/json":
		var request struct {
			GrantType string `json:"grant_type"`
		}
		err := strictjson.Unmarshal(body, &request)
		return request.GrantType, err
	default:
		return "", fmt.Errorf("the Content-Type must be application/x-www-form-urlencoded or application/json, not %q", mediaType)
	}
}

package m3tertest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestTokenRequest(t *testing.T) {
	const form, json, grant = "application/x-www-form-urlencoded", "application/json", "grant_type=client_credentials"
	c := inMemory(t)
	key, secret := c.fake.APIKey, c.fake.APISecret
	for name, tt := range map[string]struct {
		key, secret, contentType, body string
		status                         int
		code                           string
	}{
		"form":               {key, secret, form, grant, 200, ""},
		"form with charset":  {key, secret, form + "; charset=utf-8", grant, 200, ""},
		"json":               {key, secret, json, grantBody, 200, ""},
		"wrong key":          {"x", secret, form, grant, 401, "invalid_client"},
		"wrong secret":       {key, "x", form, grant, 401, "invalid_client"},
		"wrong both ways":    {key, "x", form, "grant_type=password", 401, "invalid_client"},
		"other grant, form":  {key, secret, form, "grant_type=password", 400, "unsupported_grant_type"},
		"other grant, json":  {key, secret, json, `{"grant_type":"password"}`, 400, "unsupported_grant_type"},
		"no grant":           {key, secret, form, "", 400, "unsupported_grant_type"},
		"broken form":        {key, secret, form, "grant_type=%zz", 400, "invalid_request"},
		"broken json":        {key, secret, json, "{", 400, "invalid_request"},
		"grant twice":        {key, secret, json, `{"grant_type":"client_credentials","grant_type":"client_credentials"}`, 400, "invalid_request"},
		"other case":         {key, secret, json, `{"Grant_Type":"client_credentials"}`, 400, "unsupported_grant_type"},
		"other content type": {key, secret, "text/plain", grant, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			want := `^{"access_token":"\w+","token_type":"Bearer","expires_in":18000}\n$`
			if tt.code != "" {
				want = `^{"error":"` + tt.code + `","error_description":".+"}\n$`
			}
			a := c.requestToken(tt.key, tt.secret, tt.contentType, tt.body)
			if a.status != tt.status || !regexp.MustCompile(want).MatchString(a.body) {
				t.Errorf("status %d, body %s", a.status, a.body)
			}
			if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("header %v", a.header)
			}
			if got := c.last(); got.Operation != "Token" || got.Status != tt.status || string(got.Body) != tt.body {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

func TestTokenLifetime(t *testing.T) {
	c := inMemory(t, m3tertest.WithTokenLifetime(1500*time.Millisecond))
	a := c.requestToken(c.fake.APIKey, c.fake.APISecret, "application/json", grantBody)
	if !strings.Contains(a.body, `"expires_in":1}`) {
		t.Errorf("want whole seconds, rounded down: %s", a.body)
	}
	inMemory(t, m3tertest.WithTokenLifetime(0)).do("GET", "/support", "").refused(403, "expired")

	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		time.Sleep(5*time.Hour - time.Nanosecond)
		c.do("GET", "/support", "").refused(404, "support")
		time.Sleep(time.Nanosecond)
		c.do("GET", "/support", "").refused(403, "expired")
		c.authenticate()
		c.do("GET", "/support", "").refused(404, "support")
		c.fake.RevokeTokens()
		c.do("GET", "/support", "").refused(403, "revoked")
		c.authenticate()
		c.do("GET", "/support", "").refused(404, "support")
	})
}

func TestBearerToken(t *testing.T) {
	c := inMemory(t)
	valid := c.header.Get("Authorization")
	for header, status := range map[string]int{
		valid:                            404,
		"bearer" + valid[len("Bearer"):]: 404,
		"":                               403,
		"Bearer x":                       403,
		"Basic" + valid[len("Bearer"):]:  403,
		"Bearer":                         403,
	} {
		c.header = http.Header{"Authorization": {header}}
		c.do("GET", "/support", "").refused(status, "")
		if got := c.last(); got.Operation != "GetSupport" || got.Status != status {
			t.Errorf("%q: recorded %+v", header, got)
		}
	}
}

package m3tertest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestTokenRequest(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	c := overLoopback(t)
	key, secret := c.fake.APIKey, c.fake.APISecret
	for name, tt := range map[string]struct {
		key, secret, contentType, body string
		status                         int
		code                           string
	}{
		"form":               {key, secret, form, "grant_type=client_credentials", 200, ""},
		"form with charset":  {key, secret, form + "; charset=utf-8", "grant_type=client_credentials", 200, ""},
		"json":               {key, secret, json, grantBody, 200, ""},
		"wrong key":          {"x", secret, form, "grant_type=client_credentials", 401, "invalid_client"},
		"wrong secret":       {key, "x", form, "grant_type=client_credentials", 401, "invalid_client"},
		"wrong both ways":    {key, "x", form, "grant_type=password", 401, "invalid_client"},
		"other grant, form":  {key, secret, form, "grant_type=password", 400, "unsupported_grant_type"},
		"other grant, json":  {key, secret, json, `{"grant_type":"password"}`, 400, "unsupported_grant_type"},
		"no grant":           {key, secret, form, "", 400, "unsupported_grant_type"},
		"broken form":        {key, secret, form, "grant_type=%zz", 400, "invalid_request"},
		"broken json":        {key, secret, json, "{", 400, "invalid_request"},
		"grant twice":        {key, secret, json, `{"grant_type":"client_credentials","grant_type":"client_credentials"}`, 400, "invalid_request"},
		"other case":         {key, secret, json, `{"Grant_Type":"client_credentials"}`, 400, "unsupported_grant_type"},
		"other content type": {key, secret, "text/plain", "grant_type=client_credentials", 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.requestToken(tt.key, tt.secret, tt.contentType, tt.body)
			var body struct {
				AccessToken string `json:"access_token"`
				TokenType   string `json:"token_type"`
				ExpiresIn   int    `json:"expires_in"`
				Error       string `json:"error"`
				Description string `json:"error_description"`
			}
			a.into(tt.status, &body)
			if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("header %v", a.header)
			}
			if body.Error != tt.code || (body.Description != "") != (tt.code != "") {
				t.Errorf("error %q %q, want %q", body.Error, body.Description, tt.code)
			}
			if ok := body.AccessToken != "" && body.TokenType == "Bearer" && body.ExpiresIn == 18000; ok != (tt.status == 200) {
				t.Errorf("answer %s", a.body)
			}
			if got := c.last(); got.Operation != "Token" || got.Status != tt.status || string(got.Body) != tt.body {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

func TestTokenWrongMethod(t *testing.T) {
	c := overLoopback(t)
	a := c.doAt("GET", "/oauth/token", "")
	a.refused(405, "GET")
	if got := a.header.Get("Allow"); got != "POST" {
		t.Errorf("Allow %q", got)
	}
}

func TestTokenSubSecondLifetime(t *testing.T) {
	c := inMemory(t, m3tertest.WithTokenLifetime(1500*time.Millisecond))
	var body struct {
		ExpiresIn int `json:"expires_in"`
	}
	c.requestToken(c.fake.APIKey, c.fake.APISecret, "application/json", grantBody).into(200, &body)
	if body.ExpiresIn != 1 {
		t.Errorf("expires_in %d, want 1", body.ExpiresIn)
	}
	inMemory(t, m3tertest.WithTokenLifetime(0)).do("GET", "/support", "").refused(403, "expired")
}

func TestRevokeTokens(t *testing.T) {
	c := inMemory(t)
	c.authenticate()
	c.fake.RevokeTokens()
	c.do("GET", "/support", "").refused(403, "revoked")
	c.authenticate()
	c.do("GET", "/support", "").refused(404, "support")
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

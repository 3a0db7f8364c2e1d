package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Each test sends a request until it is refused. 60 requests are more than m3ter accepts in a second.
func TestFlags(t *testing.T) {
	const grants, support = "/users/" + userID + "/permissions", "/support"
	for _, tt := range []struct {
		args, method, path string
		day                string // of the end of support access; a bubble begins on 2000-01-01
		accepted           int
		refusal            string
		delay              time.Duration // of each request
	}{
		{"", "GET", grants, "", 60, "", 0},
		{"-rate 2", "GET", grants, "", 2, "2 requests", 0},
		{"-token-lifetime 1m", "GET", grants, "", 0, "expired", 0},
		{"-token-lifetime 61s", "GET", grants, "", 60, "", 0},
		{"-latency 50ms", "GET", grants, "", 60, "", 50 * time.Millisecond},
		{"", "PUT", support, "2000-01-01", 1, "version", 0},
		{"-until-end-of-day", "PUT", support, "2000-01-01", 0, "dtEndSupportUsersAccess", 0},
		{"-until-end-of-day", "PUT", support, "2000-01-02", 1, "version", 0},
	} {
		t.Run(tt.args+" "+tt.day, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				settings, err := parse(strings.Fields(tt.args), io.Discard)
				if err != nil {
					t.Fatal(err)
				}
				fake := settings.newFake()
				seed(fake)
				header := http.Header{"Content-Type": {"application/json"}}
				send := func(method, path, body string) *httptest.ResponseRecorder {
					r, w := httptest.NewRequest(method, path, strings.NewReader(body)), httptest.NewRecorder()
					r.Header = header
					start := time.Now()
					if fake.ServeHTTP(w, r); time.Since(start) != tt.delay {
						t.Errorf("%s %s took %v", method, path, time.Since(start))
					}
					return w
				}
				(&http.Request{Header: header}).SetBasicAuth(apiKey, apiSecret)
				var token struct {
					Value string `json:"access_token"`
				}
				body := send("POST", "/oauth/token", `{"grant_type":"client_credentials"}`).Body
				if err := json.NewDecoder(body).Decode(&token); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				header.Set("Authorization", "Bearer "+token.Value)
				accepted, end := 0, `{"dtEndSupportUsersAccess":"`+tt.day+`T12:00:00Z"}`
				a := send(tt.method, "/organizations/"+organizationID+tt.path, end)
				for ; a.Code == http.StatusOK && accepted < tt.accepted; accepted++ {
					a = send(tt.method, "/organizations/"+organizationID+tt.path, end)
				}
				if accepted != tt.accepted || !strings.Contains(a.Body.String(), tt.refusal) {
					t.Errorf("accepted %d, then %d %s", accepted, a.Code, a.Body)
				}
			})
		})
	}
}

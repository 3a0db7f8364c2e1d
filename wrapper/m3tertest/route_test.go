package m3tertest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

func TestRoutes(t *testing.T) {
	c := inMemory(t)
	c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	org := "/organizations/" + c.fake.OrganizationID
	for name, tt := range map[string]struct {
		method, path string
		status       int
		operation    string
		allow        string // the methods of the path
	}{
		"get support":          {"GET", org + "/support", 404, "GetSupport", ""},
		"get group":            {"GET", org + "/resourcegroups/meter/x", 404, "GetResourceGroup", ""},
		"escaped id":           {"GET", org + "/users/a%2Fb/permissions", 404, "UserPermissions", ""},
		"escaped dots":         {"GET", org + "/users/%2e%2e/permissions", 404, "UserPermissions", ""},
		"escaped organization": {"GET", strings.Replace(org, "-", "%2D", 1) + "/support", 404, "GetSupport", ""},
		"other organization":   {"GET", "/organizations/other/support", 403, "GetSupport", ""},
		"unknown path":         {"GET", org + "/nothing", 404, "", ""},
		"root":                 {"GET", "/", 404, "", ""},
		"slash behind":         {"GET", org + "/support/", 404, "", ""},
		"two slashes":          {"GET", "/organizations//support", 404, "", ""},
		"slashes in front":     {"GET", "/" + org + "/support", 404, "", ""},
		"dot":                  {"GET", org + "/./support", 404, "", ""},
		"dots":                 {"GET", org + "/users/../support", 404, "", ""},
		"empty id":             {"GET", org + "/users//permissions", 404, "", ""},
		"wrong method":         {"DELETE", org + "/support", 405, "", "GET, HEAD, PUT"},
		"wrong method, list":   {"DELETE", org + "/permissionpolicies", 405, "", "GET, HEAD, POST"},
		"wrong method, token":  {"GET", "/oauth/token", 405, "", "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.doAt(tt.method, tt.path+"?a=b", "")
			a.refused(tt.status, "")
			if got := a.header.Get("Allow"); got != tt.allow {
				t.Errorf("Allow %q, want %q", got, tt.allow)
			}
			got := c.last()
			if got.Operation != tt.operation || got.Method != tt.method || got.Path != tt.path || got.Query.Get("a") != "b" || got.Status != tt.status {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

func TestRequestsAreCopies(t *testing.T) {
	c := inMemory(t)
	c.doAt("POST", "/?q=1", "body")
	first := c.last()
	first.Body[0], first.Header["Content-Type"][0], first.Query["q"][0] = 'x', "x", "x"
	if got := c.last(); string(got.Body) != "body" || got.Header.Get("Content-Type") == "x" || got.Query.Get("q") != "1" {
		t.Errorf("recorded %+v", got)
	}
}

func TestBodyTooLarge(t *testing.T) {
	c := inMemory(t)
	c.call(gen.CreatePermissionPolicy.Operation, policyBody+strings.Repeat(" ", 1<<20-len(policyBody))).into(200, new(any))
	c.call(gen.CreatePermissionPolicy.Operation, policyBody+strings.Repeat(" ", 1<<20-len(policyBody)+1)).refused(413, "1048576")
	if got := c.last(); got.Operation != "CreatePermissionPolicy" || got.Status != 413 || len(got.Body) != 1<<20 {
		t.Errorf("recorded %s %d with %d bytes", got.Operation, got.Status, len(got.Body))
	}
}

// If the client leaves during a response, the server sends no second response.
func TestClientThatHasLeft(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	r := c.request("GET", c.path(gen.UserPermissions.Operation, "user"), "")
	c.fake.ServeHTTP(brokenWriter{httptest.NewRecorder()}, r)
	if got := c.last(); got.Status != 200 {
		t.Errorf("responded with %d", got.Status)
	}
}

// A brokenWriter fails to write a body.
type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

package test

import (
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestResponseInfo(t *testing.T) {
	bubbled(func(t *testing.T) {
		fake, client := newDefault(t)
		var info m3teraccess.ResponseInfo
		ctx := m3teraccess.WithResponseInto(t.Context(), &info)
		look := func(what string, status, attempts int, requestID string) {
			t.Helper()
			if info.StatusCode != status || info.Attempts != attempts || info.RequestID != requestID || (info.Header == nil) != (status == 0) {
				t.Errorf("%s: %+v", what, info)
			}
		}
		read := func(userID string) error {
			return either(client.UserPermissionsPage(ctx, userID, m3teraccess.PageParams{}))
		}
		if err := read("user-1"); err != nil {
			t.Fatal(err)
		}
		look("a success", 200, 1, "")
		fake.Inject(m3tertest.Fault{Times: 2, Status: 503})
		fake.Inject(m3tertest.Fault{Times: 1, Status: 404, Header: map[string][]string{"X-Request-Id": {"r-3"}}})
		if read("user-1") == nil {
			t.Error("no error")
		}
		look("a refusal after two failures", 404, 3, "r-3")
		if read("../x") == nil {
			t.Error("no error")
		}
		look("nothing sent", 0, 0, "")
		fake.Inject(m3tertest.Fault{Break: m3tertest.DropAnswer, Times: 1})
		if either(client.CreatePermissionPolicy(ctx, policyRequest())) == nil {
			t.Error("no error")
		}
		look("a lost answer", 0, 1, "")
		if _, err := m3teraccess.Get[m3teraccess.Support](ctx, client, "support"); err == nil {
			t.Error("no error")
		}
		look("Get", 404, 1, "")
	})(t)
}

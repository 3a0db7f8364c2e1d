package test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestResponseInfo(t *testing.T) {
	onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		var info m3teraccess.ResponseInfo
		ctx := m3teraccess.WithResponseInto(t.Context(), &info)
		read := func(userID string) error {
			return either(client.UserPermissionsPage(ctx, userID, m3teraccess.PageParams{}))
		}
		check := func(err error, succeeds bool, status, attempts int, requestID string) {
			t.Helper()
			if (err == nil) != succeeds || info.StatusCode != status || info.Attempts != attempts || info.RequestID != requestID ||
				(info.Header == nil) != (status == 0) {
				t.Errorf("%v, %+v", err, info)
			}
		}
		check(read("user-1"), true, 200, 1, "")
		fake.Inject(m3tertest.Fault{Times: 2, Status: 503})
		fake.Inject(m3tertest.Fault{Times: 1, Status: 404, Header: http.Header{"X-Request-Id": {"r-3"}, "Retry-After": {"7"}}})
		err := read("user-1")
		check(err, false, 404, 3, "r-3")
		var failure *m3teraccess.Error
		if !errors.As(err, &failure) || failure.RequestID != "r-3" || failure.RetryAfter != 7*time.Second {
			t.Errorf("got %+v", failure)
		}
		check(read("../x"), false, 0, 0, "") // nothing is sent
		check(read("user-1"), true, 200, 1, "")
		for _, err := range client.UserPermissions(ctx, "user-1", m3teraccess.PageParams{}, m3teraccess.PageParams{}) {
			check(err, false, 0, 0, "")
		}
		fake.Inject(m3tertest.Fault{Break: m3tertest.DropAnswer, Times: 1})
		check(either(client.CreatePermissionPolicy(ctx, policyRequest())), false, 0, 1, "")
		check(either(m3teraccess.Get[m3teraccess.Support](ctx, client, "support")), false, 404, 1, "")
	})(t)
}

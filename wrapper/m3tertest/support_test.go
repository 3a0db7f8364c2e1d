package m3tertest_test

import (
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestRequestSupport(t *testing.T) {
	c := inMemory(t)
	// put sends the end and further members.
	put := func(day int, members string) answer {
		return c.call(gen.RequestSupport.Operation, fmt.Sprintf(`{"dtEndSupportUsersAccess":"2026-03-%02dT17:00:00Z"%s}`, day, members))
	}
	const policy = `,"supportUsersPermissionPolicy":[{"effect":"allow","action":["config:retrieve"],"resource":["config:*"]}]`

	c.do("GET", "/support", "").refused(404, "support")
	if _, ok := c.fake.Support(); ok {
		t.Error("there is a support request before the first")
	}
	put(1, `,"version":1`).refused(409, "version")
	put(1, `,"version":0`).refused(400, "version")

	var first, second, third, read gen.Support
	put(1, policy).into(200, &first)
	if first.ID == "" || first.Version != 1 || first.EndSupportUsersAccess.Day() != 1 || first.SupportUsersPermissionPolicy[0].Effect != "ALLOW" {
		t.Errorf("first request %+v", first)
	}
	put(2, ``).refused(409, "version")
	put(2, `,"version":2`).refused(409, "version")
	put(2, `,"version":-1`).refused(400, "version")
	put(2, `,"version":1`).into(200, &second)
	if second.ID != first.ID || second.Version != 2 || second.EndSupportUsersAccess.Day() != 2 ||
		!reflect.DeepEqual(second.SupportUsersPermissionPolicy, first.SupportUsersPermissionPolicy) {
		t.Errorf("second request %+v", second)
	}
	put(3, `,"version":1`).refused(409, "version")
	put(3, `,"version":2,"supportUsersPermissionPolicy":[]`).into(200, &third)
	if third.Version != 3 || len(third.SupportUsersPermissionPolicy) != 0 {
		t.Errorf("third request %+v", third)
	}
	c.do("GET", "/support", "").into(200, &read)
	if got, ok := c.fake.Support(); !ok || !reflect.DeepEqual(got, third) || !reflect.DeepEqual(read, third) {
		t.Errorf("state %+v, read %+v, want %+v", got, read, third)
	}
}

func TestSupportUntilTomorrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where it is midnight, UTC
		c := inMemory(t, m3tertest.WithSupportUntilTomorrow(), m3tertest.WithTokenLifetime(24*time.Hour))
		put := func(after time.Duration) answer {
			end := time.Now().Add(after).UTC().Format(time.RFC3339)
			return c.call(gen.RequestSupport.Operation, fmt.Sprintf(`{"dtEndSupportUsersAccess":%q}`, end))
		}
		time.Sleep(23 * time.Hour)
		put(-time.Hour).refused(400, "2000-01-02T00:00:00Z or later")
		put(59*time.Minute).refused(400, "2000-01-02T00:00:00Z or later")
		put(time.Hour).into(200, new(gen.Support))
	})
}

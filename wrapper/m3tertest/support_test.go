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
	// put sends an end and more members.
	put := func(day int, members string) answer {
		return c.call(gen.RequestSupport.Operation, fmt.Sprintf(`{"dtEndSupportUsersAccess":"2026-03-%02dT17:00:00Z"%s}`, day, members))
	}
	const policy = `,"supportUsersPermissionPolicy":[{"effect":"allow","action":["config:retrieve"],"resource":["config:*"]}]`

	c.do("GET", "/support", "").refused(404, "support")
	if _, ok := c.fake.Support(); ok {
		t.Error("there is support access before the first request")
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

// The clock of a bubble starts at the beginning of 2000 in UTC.
func TestSupportUntilEndOfDay(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration // since midnight
		end   string
		from  string // the earliest valid end; "": the end is valid
	}{
		"now":                      {0, "2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z"},
		"past":                     {time.Hour, "1999-12-31T23:59:59Z", "2000-01-02T00:00:00Z"},
		"last second of the day":   {time.Hour, "2000-01-01T23:59:59.999999999Z", "2000-01-02T00:00:00Z"},
		"tomorrow elsewhere":       {time.Hour, "2000-01-02T00:30:00+01:00", "2000-01-02T00:00:00Z"},
		"tomorrow":                 {time.Hour, "2000-01-02T00:00:00Z", ""},
		"still today elsewhere":    {time.Hour, "2000-01-01T23:00:00-01:00", ""},
		"later":                    {time.Hour, "2000-03-01T00:00:00Z", ""},
		"soon, late in the day":    {24*time.Hour - 1, "2000-01-02T00:00:00Z", ""},
		"the same, a moment later": {24 * time.Hour, "2000-01-02T00:00:00Z", "2000-01-03T00:00:00Z"},
		"end of a month":           {30*24*time.Hour + time.Hour, "2000-01-31T12:00:00Z", "2000-02-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t, m3tertest.WithSupportUntilEndOfDay(), m3tertest.WithTokenLifetime(1000*time.Hour))
				time.Sleep(tt.after)
				a := c.call(gen.RequestSupport.Operation, `{"dtEndSupportUsersAccess":"`+tt.end+`"}`)
				if tt.from == "" {
					a.into(200, new(gen.Support))
					return
				}
				a.refused(400, "dtEndSupportUsersAccess must be "+tt.from+" or later")
				if support, ok := c.fake.Support(); ok {
					t.Errorf("support access is open: %+v", support)
				}
			})
		})
	}
}

// Open access can't end today. It can end tomorrow, without statements until then.
func TestSupportEndsEarlyTomorrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, m3tertest.WithSupportUntilEndOfDay())
		put := func(body string) answer { return c.call(gen.RequestSupport.Operation, body) }
		put(`{"dtEndSupportUsersAccess":"2000-02-01T00:00:00Z","supportUsersPermissionPolicy":[{"effect":"allow","action":["all"],"resource":["*"]}]}`).into(200, new(any))
		put(`{"dtEndSupportUsersAccess":"2000-01-01T00:00:00Z","supportUsersPermissionPolicy":[],"version":1}`).refused(400, "2000-01-02")
		if support, _ := c.fake.Support(); support.Version != 1 || len(support.SupportUsersPermissionPolicy) != 1 {
			t.Errorf("a refused request changed it to %+v", support)
		}
		var ended gen.Support
		put(`{"dtEndSupportUsersAccess":"2000-01-02T00:00:00Z","supportUsersPermissionPolicy":[],"version":1}`).into(200, &ended)
		if ended.Version != 2 || ended.EndSupportUsersAccess.Day() != 2 || len(ended.SupportUsersPermissionPolicy) != 0 {
			t.Errorf("it ends as %+v", ended)
		}
	})
}

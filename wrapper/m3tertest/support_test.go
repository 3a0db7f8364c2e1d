package m3tertest_test

import (
	"cmp"
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
	put := func(day int, members string) response {
		body := fmt.Sprintf(`{"dtEndSupportUsersAccess":"2026-03-%02dT17:00:00Z"%s}`, day, members)
		return c.call(gen.RequestSupport.Operation, body)
	}
	id := ""
	is := func(a response, day, statements int, version int64) {
		t.Helper()
		var got gen.Support
		a.into(200, &got)
		id = cmp.Or(id, got.ID)
		if got.ID == "" || got.ID != id || got.EndSupportUsersAccess.Day() != day ||
			len(got.SupportUsersPermissionPolicy) != statements || got.Version != version {
			t.Errorf("got %+v, want day %d, %d statements, version %d", got, day, statements, version)
		}
		if state, ok := c.fake.Support(); !ok || !reflect.DeepEqual(state, got) {
			t.Errorf("state %+v, want %+v", state, got)
		}
	}

	c.do("GET", "/support", "").refused(404, "support")
	if _, ok := c.fake.Support(); ok {
		t.Error("there is support access before the first request")
	}
	put(1, `,"version":1`).refused(409, "version")
	is(put(1, `,"supportUsersPermissionPolicy":[{"effect":"allow","action":["all"],"resource":["*"]}]`), 1, 1, 1)
	put(2, ``).refused(409, "version")
	put(2, `,"version":2`).refused(409, "version")
	is(put(2, `,"version":1`), 2, 1, 2)
	put(3, `,"version":1`).refused(409, "version")
	is(put(3, `,"version":2,"supportUsersPermissionPolicy":[]`), 3, 0, 3)
	is(c.do("GET", "/support", ""), 3, 0, 3)
}

// The clock of a bubble starts at 2000-01-01T00:00:00Z.
func TestSupportUntilEndOfDay(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration // since midnight
		end   string
		from  string // the earliest valid end; "": the end is valid
	}{
		"now":                      {0, "2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z"},
		"last second of the day":   {time.Hour, "2000-01-01T23:59:59.999999999Z", "2000-01-02T00:00:00Z"},
		"tomorrow elsewhere":       {time.Hour, "2000-01-02T00:30:00+01:00", "2000-01-02T00:00:00Z"},
		"tomorrow":                 {time.Hour, "2000-01-02T00:00:00Z", ""},
		"still today elsewhere":    {time.Hour, "2000-01-01T23:00:00-01:00", ""},
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

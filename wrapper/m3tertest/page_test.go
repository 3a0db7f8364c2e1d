package m3tertest_test

import (
	"fmt"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

func TestListsComeInPages(t *testing.T) {
	c := inMemory(t)
	for n := range 101 {
		id := fmt.Sprint(n)
		c.fake.AddUser(id)
		c.fake.AddUser(id) // changes nothing
		c.fake.GrantPolicy(c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: id}).ID, "0")
	}
	for _, path := range []string{"/users", "/permissionpolicies", "/users/0/permissions"} {
		t.Run(path, func(t *testing.T) {
			next, n := "", 100
			for _, query := range []string{"?", "?pageSize=", "?pageSize=101", "?pageSize=50", "?pageSize=50", "?pageSize=50"} {
				var page struct {
					Data []struct {
						ID      string
						Version int64
					}
					NextToken string
				}
				if query != "?pageSize=50" || next == "" {
					next, n = "", 100
				}
				c.do("GET", path+query+"&nextToken="+next, "").into(200, &page)
				for _, entry := range page.Data {
					if entry.ID != fmt.Sprint(n) || entry.Version != 1 {
						t.Fatalf("%s: got %+v, want %d", query, entry, n)
					}
					n--
				}
				if next = page.NextToken; (next == "") != (n == -1) {
					t.Errorf("%s: next token %q with %d entries left", query, next, n+1)
				}
				if query != "?pageSize=50" {
					next = ""
				}
			}
			if n != -1 {
				t.Errorf("%d entries are missing", n+1)
			}
			for query, text := range map[string]string{
				"pageSize=0": "pageSize", "pageSize=x": "pageSize", "nextToken=unknown": "nextToken",
			} {
				c.do("GET", path+"?"+query, "").refused(400, text)
			}
		})
	}
}

func TestEmptyLists(t *testing.T) {
	c := inMemory(t)
	for _, path := range []string{"/users", "/permissionpolicies"} {
		if a := c.do("GET", path, ""); a.status != 200 || a.body != "{\"data\":[]}\n" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

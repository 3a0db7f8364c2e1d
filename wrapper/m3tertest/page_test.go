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
		c.fake.AddUser(id) // a second time changes nothing
		c.fake.GrantPolicy(c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: id}).ID, "0")
	}
	for _, path := range []string{"/users", "/permissionpolicies", "/users/0/permissions"} {
		for query, sizes := range map[string][]int{
			"": {100, 1}, "pageSize=": {100, 1}, "pageSize=101": {101}, "pageSize=50": {50, 50, 1},
		} {
			next, n := "", 100 // the newest comes first
			for i, size := range sizes {
				var page struct {
					Data []struct {
						ID      string
						Version int64
					}
					NextToken string
				}
				c.do("GET", path+"?nextToken="+next+"&"+query, "").into(200, &page)
				if len(page.Data) != size || (page.NextToken == "") != (i == len(sizes)-1) {
					t.Fatalf("%s?%s: page %d has %d entries, next token %q", path, query, i, len(page.Data), page.NextToken)
				}
				for _, entry := range page.Data {
					if entry.ID != fmt.Sprint(n) || entry.Version != 1 {
						t.Fatalf("%s?%s: got %+v, want %d", path, query, entry, n)
					}
					n--
				}
				next = page.NextToken
			}
		}
		for query, text := range map[string]string{"pageSize=0": "pageSize", "pageSize=x": "pageSize", "nextToken=unknown": "nextToken"} {
			c.do("GET", path+"?"+query, "").refused(400, text)
		}
	}
	c.call(gen.UserPermissions.Operation, "", "nobody").refused(404, "nobody")
}

func TestEmptyLists(t *testing.T) {
	c := inMemory(t)
	check := func(path string) {
		if a := c.do("GET", path, ""); a.status != 200 || a.body != "{\"data\":[]}\n" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	check("/users")
	check("/permissionpolicies")
	c.fake.AddUser("a/b")
	check("/users/a%2Fb/permissions")
}

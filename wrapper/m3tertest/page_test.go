package m3tertest_test

import (
	"fmt"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// The newest entry comes first. A page token marks a place in the list: an entry that is added later doesn't move it.
func TestListsComeInPages(t *testing.T) {
	c := inMemory(t)
	entries := 0
	add := func() {
		id := fmt.Sprint(entries)
		c.fake.AddUser(id)
		c.fake.AddUser(id) // a second time changes nothing
		c.fake.GrantPolicy(c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: id}).ID, "0")
		entries++
	}
	for range 101 {
		add()
	}
	for _, path := range []string{"/users", "/permissionpolicies", "/users/0/permissions"} {
		for query, size := range map[string]int{"": 100, "pageSize=": 100, "pageSize=101": 101, "pageSize=50": 50} {
			next := ""
			for left := entries; left > 0; {
				var page gen.PermissionPolicyPage // also decodes the ids and the versions of users
				c.do("GET", path+"?nextToken="+next+"&"+query, "").into(200, &page)
				if next = page.NextToken; len(page.Data) != min(size, left) || (next == "") != (left <= size) {
					t.Fatalf("%s?%s: %d entries of %d, next token %q", path, query, len(page.Data), left, next)
				}
				for _, entry := range page.Data {
					if left--; entry.ID != fmt.Sprint(left) || entry.Version != 1 {
						t.Fatalf("%s?%s: got %+v, want %d", path, query, entry, left)
					}
				}
				add()
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
	for _, path := range []string{"/users", "/permissionpolicies", "/users/a%2Fb/permissions"} {
		if a := c.do("GET", path, ""); a.status != 200 || a.body != "{\"data\":[]}\n" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		c.fake.AddUser("a/b")
	}
}

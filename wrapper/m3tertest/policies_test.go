package m3tertest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

func TestCreatePermissionPolicy(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	const body = `{"name":"n","permissionPolicy":[
		{"effect":"deny","action":["marketplace:usage:create","new:one","all"],"resource":["config:meter/item/Ab_1"]}]}`
	before := time.Now().Truncate(time.Millisecond)
	var first, second gen.PermissionPolicy
	a := c.call(gen.CreatePermissionPolicy.Operation, body)
	a.into(200, &first)
	if strings.Contains(a.body, `"managedPolicy":true`) {
		t.Error("the policy is managed")
	}
	c.call(gen.CreatePermissionPolicy.Operation, body).into(200, &second)
	if first.ID == second.ID || first.Name != second.Name {
		t.Errorf("two policies of one name: %+v and %+v", first, second)
	}
	want := []gen.Statement{{Effect: "DENY", Action: []gen.Action{"MARKETPLACE_USAGE_CREATE", "NEW_ONE", "ALL"}, Resource: []string{"config:meter/item/Ab_1"}}}
	if !reflect.DeepEqual(first.PermissionPolicy, want) {
		t.Errorf("statements %+v, want %+v", first.PermissionPolicy, want)
	}
	if first.Version != 1 || first.CreatedBy == "" || first.LastModifiedBy != first.CreatedBy || first.CreatedAt.Before(before) || !first.LastModifiedAt.Equal(first.CreatedAt) {
		t.Errorf("policy %+v", first)
	}
	// What a getter returns equals what a client decodes.
	c.fake.GrantPolicy(first.ID, "user")
	if got := c.fake.UserPolicies("user"); !reflect.DeepEqual(got, []gen.PermissionPolicy{first}) {
		t.Errorf("policies %+v, want %+v", got, first)
	}
}

func TestAddPermissionPolicyToUser(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	c.fake.AddUser("user") // changes nothing
	policy := c.fake.AddPermissionPolicy(gen.PermissionPolicy{Name: "p"})
	add := func(policyID, body string) answer {
		return c.call(gen.AddPermissionPolicyToUser.Operation, body, policyID)
	}

	add("unknown", `{"principalId":"user"}`).refused(404, "unknown")
	add(policy.ID, `{"principalId":"nobody"}`).refused(404, "nobody")
	add(policy.ID, `{"principalId":"user","version":1}`).refused(409, "version")
	add(policy.ID, `{"principalId":"user","version":0}`).refused(400, "version")

	var link, again gen.PrincipalPermission
	add(policy.ID, `{"principalId":"user"}`).into(200, &link)
	if link.ID == "" || link.Version != 1 || link.PermissionPolicyID != policy.ID || link.PrincipalID != "user" || link.PrincipalType != "USER" ||
		link.CreatedBy != policy.CreatedBy || link.CreatedAt.IsZero() || !link.LastModifiedAt.Equal(link.CreatedAt) {
		t.Errorf("link %+v", link)
	}
	add(policy.ID, `{"principalId":"user"}`).refused(409, "version")
	add(policy.ID, `{"principalId":"user","version":2}`).refused(409, "version")
	add(policy.ID, `{"principalId":"user","version":1}`).into(200, &again)
	if again.ID != link.ID || again.Version != 2 {
		t.Errorf("link %+v, was %+v", again, link)
	}
	if got := c.fake.UserPolicies("user"); len(got) != 1 {
		t.Errorf("policies %+v, want one", got)
	}
}

func TestUserPermissionsPages(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	grant := func(n int) {
		policy := c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: fmt.Sprint(n)})
		c.fake.GrantPolicy(policy.ID, "user")
	}
	page := func(query string) (ids, nextToken string) {
		var page gen.PermissionPolicyPage
		c.do("GET", "/users/user/permissions?"+query, "").into(200, &page)
		for _, policy := range page.Data {
			ids += policy.ID + " "
		}
		return ids, page.NextToken
	}
	for n := range 7 {
		grant(n)
	}
	ids, next := page("pageSize=3")
	if ids != "6 5 4 " || next == "" {
		t.Errorf("first page %q, next %q", ids, next)
	}
	grant(7) // moves everything back by one
	if again, _ := page("pageSize=3"); again != "7 6 5 " {
		t.Errorf("first page anew %q", again)
	}
	ids, next = page("pageSize=3&nextToken=" + next)
	if ids != "3 2 1 " || next == "" {
		t.Errorf("second page %q, next %q", ids, next)
	}
	if ids, next = page("pageSize=3&nextToken=" + next); ids != "0 " || next != "" {
		t.Errorf("last page %q, next %q", ids, next)
	}
	if ids, next = page("pageSize=8"); ids != "7 6 5 4 3 2 1 0 " || next != "" {
		t.Errorf("full page %q, next %q", ids, next)
	}
}

func TestUserPermissionsPageSize(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	for range 201 {
		c.fake.GrantPolicy(c.fake.AddPermissionPolicy(gen.PermissionPolicy{}).ID, "user")
	}
	for query, want := range map[string]int{"": 100, "pageSize=": 100, "nextToken=": 100, "pageSize=1": 1, "pageSize=200": 200} {
		var page gen.PermissionPolicyPage
		c.do("GET", "/users/user/permissions?"+query, "").into(200, &page)
		if len(page.Data) != want || page.NextToken == "" {
			t.Errorf("%q: %d policies, want %d and more to follow", query, len(page.Data), want)
		}
	}
}

func TestUserPermissionsEdges(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	c.fake.AddUser("a/b")
	c.call(gen.UserPermissions.Operation, "", "nobody").refused(404, "nobody")
	for _, user := range []string{"user", "a%2Fb"} {
		if a := c.do("GET", "/users/"+user+"/permissions", ""); a.status != 200 || strings.TrimSpace(a.body) != `{"data":[]}` {
			t.Errorf("no policies: %d %s", a.status, a.body)
		}
	}
	c.do("GET", "/users/user/permissions?nextToken=unknown", "").refused(400, "nextToken")
}

func TestPoliciesAreListed(t *testing.T) {
	c := inMemory(t)
	c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "older"})
	c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "newer"})
	var page gen.PermissionPolicyPage
	c.do("GET", "/permissionpolicies", "").into(200, &page)
	if len(page.Data) != 2 || page.Data[0].ID != "newer" || page.Data[1].ID != "older" || page.NextToken != "" {
		t.Errorf("got %+v", page)
	}
}

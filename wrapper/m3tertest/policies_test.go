package m3tertest_test

import (
	"reflect"
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
	c.call(gen.CreatePermissionPolicy.Operation, body).into(200, &first)
	c.call(gen.CreatePermissionPolicy.Operation, body).into(200, &second)
	if first.ID == "" || first.ID == second.ID || second.Name != "n" || first.CreatedAt.Before(before) || first.CreatedBy == "" {
		t.Errorf("two policies of one name: %+v and %+v", first, second)
	}
	want := gen.PermissionPolicy{
		ID: first.ID, Version: 1, Name: "n", CreatedAt: first.CreatedAt, LastModifiedAt: first.CreatedAt,
		CreatedBy: first.CreatedBy, LastModifiedBy: first.CreatedBy, PermissionPolicy: []gen.Statement{{
			Effect: "DENY", Action: []gen.Action{"MARKETPLACE_USAGE_CREATE", "NEW_ONE", "ALL"}, Resource: []string{"config:meter/item/Ab_1"}}},
	}
	c.fake.GrantPolicy(first.ID, "user")
	if kept := c.fake.UserPolicies("user"); !reflect.DeepEqual(first, want) || !reflect.DeepEqual(kept, []gen.PermissionPolicy{want}) {
		t.Errorf("policy %+v, kept as %+v, want %+v", first, kept, want)
	}
}

func TestAddPermissionPolicyToUser(t *testing.T) {
	c := inMemory(t)
	c.fake.AddUser("user")
	policy := c.fake.AddPermissionPolicy(gen.PermissionPolicy{Name: "p"})
	add := func(policyID, body string) response {
		return c.call(gen.AddPermissionPolicyToUser.Operation, body, policyID)
	}

	add("unknown", `{"principalId":"user"}`).refused(404, "unknown")
	add(policy.ID, `{"principalId":"nobody"}`).refused(404, "nobody")
	add(policy.ID, `{"principalId":"user","version":1}`).refused(409, "version")

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

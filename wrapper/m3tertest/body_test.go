package m3tertest_test

import (
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// with makes the body of a policy with a statement.
func with(statement string) string { return `{"name":"n","permissionPolicy":[` + statement + `]}` }

// These bodies show what the checks say. Package test derives the bodies that the OpenAPI document forbids.
var bodyTests = []struct {
	name, operation, body, field string // field "": the fake accepts the body
}{
	{"not JSON", "policy", `{`, "body"},
	{"null", "policy", `null`, "body"},
	{"two values", "policy", policyBody + `{}`, "body"},
	{"a member twice", "policy", `{"name":"n","name":"n"}`, "body"},
	{"twice inside", "policy", with(`{"effect":"e","effect":"e"}`), "body"},
	{"twice, unknown", "link", `{"principalId":"user","x":[{"y":1,"\u0079":1}]}`, "body"},
	{"a stray byte", "link", "{\"principalId\":\"user\",\"x\":\"\xff\"}", "body"},
	{"half a surrogate pair", "link", `{"principalId":"user","x":"\ud83d"}`, "body"},
	{"a byte order mark", "link", "\ufeff" + `{"principalId":"user"}`, "body"},
	{"unknown fields", "policy", `{"x":null,"name":"n","NAME":5,"permissionPolicy":[{"y":1,"effect":"e","action":["a"],"resource":["r"]}]}`, ""},

	{"no name", "policy", `{"permissionPolicy":[]}`, "name is missing"},
	{"name of other case", "policy", `{"Name":"n","permissionPolicy":[]}`, "name is missing"},
	{"first and last letter", "policy", with(`{"effect":"e","action":["A","Z"],"resource":["r"]}`), "action[0]"},
	{"last letter", "policy", with(`{"effect":"e","action":["Z"],"resource":["r"]}`), "action[0]"},
	{"number as name", "policy", `{"name":1}`, "name"},
	{"object as statements", "policy", `{"name":"n","permissionPolicy":{}}`, "permissionPolicy"},
	{"name too long", "policy", `{"name":"` + strings.Repeat("é", 1001) + `"}`, "name"},
	{"name of 100", "policy", strings.Replace(policyBody, `"p"`, `"`+strings.Repeat("é", 100)+`"`, 1), ""},
	{"null statement", "policy", with(`null`), "permissionPolicy[0]"},
	{"version 0", "policy", policyBody[:len(policyBody)-1] + `,"version":0}`, "version"},

	{"no effect", "policy", with(`{"action":["a"],"resource":["r"]}`), "permissionPolicy[0].effect is missing"},
	{"upper-case effect", "policy", with(`{"effect":"ALLOW","action":["a"],"resource":["r"]}`), `permissionPolicy[0].effect must be in lower case: "allow"`},
	{"empty as an action", "policy", with(`{"effect":"e","action":["a",""],"resource":["r"]}`), "permissionPolicy[0].action[1]"},
	{"upper-case action", "policy", with(`{"effect":"e","action":["MARKETPLACE_USAGE_CREATE"],"resource":["r"]}`), `"marketplace:usage:create"`},
	{"one upper-case letter", "policy", with(`{"effect":"e","action":["config:Create"],"resource":["r"]}`), `"config:create"`},
	{"zero actions", "policy", with(`{"effect":"e","action":[],"resource":["r"]}`), ""},
	{"unknown action, letters of no case", "policy", with(`{"effect":"e","action":["É:1_2"],"resource":["r"]}`), ""},
	{"zero resources", "policy", with(`{"effect":"e","action":["a"],"resource":[]}`), "permissionPolicy[0].resource"},
	{"empty resource", "policy", with(`{"effect":"e","action":["a"],"resource":[""]}`), ""},

	{"no end", "support", `{}`, "dtEndSupportUsersAccess is missing"},
	{"end with offset of 24 hours", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00+24:00"}`, "dtEndSupportUsersAccess"},
	{"end with offset", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00.123+02:00"}`, ""},
	{"version of 65 bits", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","version":9223372036854775808}`, "version"},
	{"broken policy", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":[{}]}`, "supportUsersPermissionPolicy[0].effect"},
	{"empty policy", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":[]}`, ""},

	{"no principal", "link", `{}`, "principalId is missing"},

	{"mixed case", "removal", `{"targetId":"item","targetType":"Item"}`, "targetType"},
	{"removal", "removal", `{"targetId":"item","targetType":"ITEM"}`, ""},
}

func TestBodies(t *testing.T) {
	operations := map[string]struct {
		op     gen.Operation
		values []string
	}{
		"policy":  {gen.CreatePermissionPolicy.Operation, nil},
		"support": {gen.RequestSupport.Operation, nil},
		"link":    {gen.AddPermissionPolicyToUser.Operation, []string{"p"}},
		"removal": {gen.RemoveResource.Operation, []string{"meter", "g"}},
	}
	for _, tt := range bodyTests {
		t.Run(tt.operation+"/"+tt.name, func(t *testing.T) {
			c := inMemory(t)
			c.link()
			c.fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"}, m3tertest.Item{TargetID: "item", TargetType: gen.TargetTypeItem})
			a := c.call(operations[tt.operation].op, tt.body, operations[tt.operation].values...)
			if tt.field == "" {
				a.into(200, new(any))
			} else {
				a.refused(400, tt.field)
			}
		})
	}
}

func TestContentType(t *testing.T) {
	c := inMemory(t)
	for contentType, status := range map[string]int{
		"application/json":                200,
		"Application/JSON; charset=utf-8": 200,
		"text/plain":                      415,
		"application/problem+json":        415,
		"":                                415,
	} {
		c.header.Set("Content-Type", contentType)
		if a := c.call(gen.CreatePermissionPolicy.Operation, policyBody); status == 200 {
			a.into(200, new(any))
		} else {
			a.refused(status, "Content-Type")
		}
	}
}

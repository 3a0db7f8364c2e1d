package m3tertest_test

import (
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// with puts a statement into a request for a policy.
func with(statement string) string { return `{"name":"n","permissionPolicy":[` + statement + `]}` }

// These show what the checks do and say. Whether the document asks for them, package test derives from it.
var bodyTests = []struct {
	name, operation, body, field string // field "": the body passes
}{
	{"not JSON", "policy", `{`, "body"},
	{"empty", "policy", ``, "body"},
	{"null", "policy", `null`, "body"},
	{"a list", "policy", `[]`, "body"},
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
	{"null name", "policy", `{"name":null}`, "name"},
	{"number as name", "policy", `{"name":1}`, "name"},
	{"empty name", "policy", `{"name":""}`, "name"},
	{"name too long", "policy", `{"name":"` + strings.Repeat("é", 1001) + `"}`, "name"},
	{"name of 100", "policy", strings.Replace(policyBody, `"p"`, `"`+strings.Repeat("é", 100)+`"`, 1), ""},
	{"no statements", "policy", `{"name":"n"}`, "permissionPolicy is missing"},
	{"null statements", "policy", `{"name":"n","permissionPolicy":null}`, "permissionPolicy"},
	{"object as statements", "policy", `{"name":"n","permissionPolicy":{}}`, "permissionPolicy"},
	{"zero statements", "policy", `{"name":"n","permissionPolicy":[]}`, "permissionPolicy"},
	{"null statement", "policy", with(`null`), "permissionPolicy[0]"},
	{"version 1", "policy", policyBody[:len(policyBody)-1] + `,"version":1}`, "version"},
	{"version 0", "policy", policyBody[:len(policyBody)-1] + `,"version":0}`, "version"},
	{"version null", "policy", policyBody[:len(policyBody)-1] + `,"version":null}`, "version"},

	{"no effect", "policy", with(`{"action":["a"],"resource":["r"]}`), "permissionPolicy[0].effect is missing"},
	{"empty effect", "policy", with(`{"effect":"","action":["a"],"resource":["r"]}`), "permissionPolicy[0].effect"},
	{"upper-case effect", "policy", with(`{"effect":"ALLOW","action":["a"],"resource":["r"]}`), `permissionPolicy[0].effect must be in lower case: "allow"`},
	{"null effect", "policy", with(`{"effect":null,"action":["a"],"resource":["r"]}`), "permissionPolicy[0].effect"},
	{"no action", "policy", with(`{"effect":"e","resource":["r"]}`), "permissionPolicy[0].action is missing"},
	{"null action", "policy", with(`{"effect":"e","action":null,"resource":["r"]}`), "permissionPolicy[0].action"},
	{"null as an action", "policy", with(`{"effect":"e","action":[null],"resource":["r"]}`), "permissionPolicy[0].action[0]"},
	{"empty as an action", "policy", with(`{"effect":"e","action":["a",""],"resource":["r"]}`), "permissionPolicy[0].action[1]"},
	{"upper-case action", "policy", with(`{"effect":"e","action":["MARKETPLACE_USAGE_CREATE"],"resource":["r"]}`), `"marketplace:usage:create"`},
	{"one upper-case letter", "policy", with(`{"effect":"e","action":["config:Create"],"resource":["r"]}`), `"config:create"`},
	{"zero actions", "policy", with(`{"effect":"e","action":[],"resource":["r"]}`), ""},
	{"unknown action, letters of no case", "policy", with(`{"effect":"e","action":["É:1_2"],"resource":["r"]}`), ""},
	{"no resource", "policy", with(`{"effect":"e","action":["a"]}`), "permissionPolicy[0].resource is missing"},
	{"zero resources", "policy", with(`{"effect":"e","action":["a"],"resource":[]}`), "permissionPolicy[0].resource"},
	{"number as resource", "policy", with(`{"effect":"e","action":["a"],"resource":[1]}`), "permissionPolicy[0].resource[0]"},
	{"empty resource", "policy", with(`{"effect":"e","action":["a"],"resource":[""]}`), ""},

	{"no end", "support", `{}`, "dtEndSupportUsersAccess is missing"},
	{"null end", "support", `{"dtEndSupportUsersAccess":null}`, "dtEndSupportUsersAccess"},
	{"end without zone", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00"}`, "dtEndSupportUsersAccess"},
	{"end with short hour", "support", `{"dtEndSupportUsersAccess":"2026-03-01T7:00:00Z"}`, "dtEndSupportUsersAccess"},
	{"end on no day", "support", `{"dtEndSupportUsersAccess":"2026-02-30T17:00:00Z"}`, "dtEndSupportUsersAccess"},
	{"end with comma", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00,5Z"}`, "dtEndSupportUsersAccess"},
	{"end with offset of 24 hours", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00+24:00"}`, "dtEndSupportUsersAccess"},
	{"end as number", "support", `{"dtEndSupportUsersAccess":1}`, "dtEndSupportUsersAccess"},
	{"end with offset", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00.123+02:00"}`, ""},
	{"version as string", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","version":"1"}`, "version"},
	{"version as float", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","version":1.5}`, "version"},
	{"version of 65 bits", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","version":9223372036854775808}`, "version"},
	{"version as null", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","version":null}`, "version"},
	{"null policy", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":null}`, "supportUsersPermissionPolicy"},
	{"broken policy", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":[{}]}`, "supportUsersPermissionPolicy[0].effect"},
	{"empty policy", "support", `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":[]}`, ""},

	{"no principal", "link", `{}`, "principalId is missing"},
	{"empty principal", "link", `{"principalId":""}`, "principalId"},
	{"null principal", "link", `{"principalId":null}`, "principalId"},
	{"principal", "link", `{"principalId":"user"}`, ""},

	{"no target", "removal", `{"targetType":"item"}`, "targetId is missing"},
	{"empty target", "removal", `{"targetId":"","targetType":"item"}`, "targetId"},
	{"no type", "removal", `{"targetId":"item"}`, "targetType is missing"},
	{"null type", "removal", `{"targetId":"item","targetType":null}`, "targetType"},
	{"mixed case", "removal", `{"targetId":"item","targetType":"Item"}`, "targetType"},
	{"removal", "removal", `{"targetId":"item","targetType":"ITEM"}`, ""},
}

func TestBodies(t *testing.T) {
	for _, tt := range bodyTests {
		t.Run(tt.operation+"/"+tt.name, func(t *testing.T) {
			c := inMemory(t)
			c.fake.AddUser("user")
			policy := c.fake.AddPermissionPolicy(gen.PermissionPolicy{})
			group := c.fake.AddResourceGroup("meter", gen.ResourceGroup{}, m3tertest.Item{TargetID: "item", TargetType: gen.TargetTypeItem})
			route := map[string]struct {
				op     gen.Operation
				values []string
			}{
				"policy":  {gen.CreatePermissionPolicy.Operation, nil},
				"support": {gen.RequestSupport.Operation, nil},
				"link":    {gen.AddPermissionPolicyToUser.Operation, []string{policy.ID}},
				"removal": {gen.RemoveResource.Operation, []string{"meter", group.ID}},
			}[tt.operation]
			a := c.call(route.op, tt.body, route.values...)
			if tt.field == "" {
				a.into(200, new(any))
				return
			}
			a.refused(400, tt.field)
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
		a := c.call(gen.CreatePermissionPolicy.Operation, policyBody)
		if status == 200 {
			a.into(200, new(any))
			continue
		}
		a.refused(status, "Content-Type")
	}
}

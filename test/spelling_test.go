package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// Each value of an enum of the document in lower case, the form of requests, has a constant.
func TestConstantsOfTheDocument(t *testing.T) {
	var names []string
	for _, typ := range manual(t, "/wrapper").Types {
		for _, group := range typ.Consts {
			names = append(names, group.Names...)
		}
	}
	for name, schema := range cases.Document().Components.Schemas {
		for _, value := range schema.Value.Enum {
			constant := fmt.Sprint(schema.Value.Extensions["x-constant-prefix"])
			for word := range strings.SplitSeq(value.(string), ":") {
				constant += strings.ToUpper(word[:1]) + word[1:]
			}
			if value == strings.ToLower(value.(string)) && !slices.Contains(names, constant) {
				t.Errorf("%q of %s has no constant %s", value, name, constant)
			}
		}
	}
	if m3teraccess.MarketplaceUsageCreate != "marketplace:usage:create" || m3teraccess.EffectDeny != "deny" || m3teraccess.TargetGroup != "group" {
		t.Error("a constant is not the value of its name")
	}
}

// Statements that come as m3ter spells them, or otherwise, leave every answer in the form that can be sent. A resource is
// the caller's, and left alone.
func TestAnswersComeInTheFormThatIsSent(t *testing.T) {
	type form struct{ effect, action string }
	forms := map[form]form{
		{"allow", "config:create"}: {"allow", "config:create"},
		{"ALLOW", "NEW_THING_DO"}:  {"allow", "new:thing:do"}, // not published
		{"audit", "new:thing_do"}:  {"audit", "new:thing_do"},
		{"Deny", "Config_Create"}:  {"deny", "config:create"},
		{"", ""}:                   {"", ""},
	}
	for _, action := range cases.Document().Components.Schemas["Action"].Value.Enum {
		forms[form{"DENY", strings.ToUpper(strings.ReplaceAll(action.(string), ":", "_"))}] = form{"deny", action.(string)}
	}
	answered := make(map[string]bool)
	for _, call := range calls {
		for _, example := range call.Answers() {
			for answer, want := range forms {
				var tree any
				if err := json.Unmarshal(example, &tree); err != nil {
					t.Fatal(err)
				}
				for _, statement := range statementsIn(tree) {
					statement["effect"], statement["action"], statement["resource"] = answer.effect, []any{answer.action}, []any{"Config:METER/*"}
					answered[call.name] = true
				}
				got, err := call.Do(t.Context(), newLocalClient(t, viaHandler{keeps(200, toJSON(tree))}))
				if err != nil && !errors.Is(err, m3teraccess.ErrRepeatedToken) { // of the example with more behind it
					t.Fatal(err)
				}
				if err := json.Unmarshal([]byte(toJSON(got)), &tree); err != nil {
					t.Fatal(err)
				}
				for _, statement := range statementsIn(tree) {
					if !reflect.DeepEqual(statement, map[string]any{"effect": want.effect, "action": []any{want.action}, "resource": []any{"Config:METER/*"}}) {
						t.Errorf("%s: got %v, want %v", call.name, statement, want)
					}
				}
			}
		}
	}
	if len(answered) < 4 {
		t.Errorf("the examples have statements in the answers of %v alone", answered)
	}
}

// statementsIn are the statements within a JSON value.
func statementsIn(tree any) (found []map[string]any) {
	switch tree := tree.(type) {
	case []any:
		for _, value := range tree {
			found = append(found, statementsIn(value)...)
		}
	case map[string]any:
		if _, ok := tree["effect"]; ok {
			return []map[string]any{tree}
		}
		for _, value := range tree {
			found = append(found, statementsIn(value)...)
		}
	}
	return found
}

// A policy that was read from a service which answers in upper case, and refuses it, can be created anew as it stands.
func TestPolicyThatWasReadCanBeCreatedAnew(t *testing.T) {
	fake, client := newFake(t)
	fake.AddUser("u")
	ctx := t.Context()
	request := policyRequest(m3teraccess.MarketplaceUsageCreate, "neverheardof:it")
	request.PermissionPolicy = append(request.PermissionPolicy, m3teraccess.Deny(m3teraccess.All).On("config:plan/group/9"))
	created, err := client.CreatePermissionPolicy(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AddPermissionPolicyToUser(ctx, created.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: "u"}); err != nil {
		t.Fatal(err)
	}
	if stored := fake.UserPolicies("u")[0]; stored.PermissionPolicy[0].Action[0] != "MARKETPLACE_USAGE_CREATE" {
		t.Fatalf("the fake doesn't answer in upper case: %+v", stored)
	}
	read, err := collect(client.UserPermissions(ctx, "u"))
	if err != nil || len(read) != 1 || !reflect.DeepEqual(read[0].PermissionPolicy, request.PermissionPolicy) {
		t.Fatalf("read %+v, %v", read, err)
	}
	again, err := client.CreatePermissionPolicy(ctx, m3teraccess.PermissionPolicyRequest{Name: read[0].Name, PermissionPolicy: read[0].PermissionPolicy})
	if err != nil {
		t.Fatal(err)
	}
	if again.ID == created.ID || !reflect.DeepEqual(again.PermissionPolicy, created.PermissionPolicy) {
		t.Errorf("got %+v, want %+v under another id", again, created)
	}
	support, err := client.RequestSupport(ctx, m3teraccess.SupportRequest{
		EndSupportUsersAccess: supportRequest(0).EndSupportUsersAccess, SupportUsersPermissionPolicy: read[0].PermissionPolicy,
	})
	if err != nil || !reflect.DeepEqual(support.SupportUsersPermissionPolicy, read[0].PermissionPolicy) {
		t.Errorf("got %+v, %v", support, err)
	}
}

// A principal of a kind that is new is no reason to lose the answer of a write that was done.
func TestPrincipalTypesPass(t *testing.T) {
	for _, kind := range []string{"USER", "USERGROUP", "SERVICEUSER", "SUPPORTUSERS", "ROBOT", "user", ""} {
		client := newLocalClient(t, viaHandler{keeps(200, `{"id":"l","principalType":"`+kind+`"}`)})
		link, err := client.AddPermissionPolicyToUser(t.Context(), "p", m3teraccess.PrincipalPermissionRequest{PrincipalID: "u"})
		if err != nil || link.PrincipalType != kind {
			t.Errorf("%s: got %+v, %v", kind, link, err)
		}
	}
}

// What is zero is not sent; an empty list of support's statements, which differs from none, is.
func TestWhatIsLeftOut(t *testing.T) {
	service := newService(t, keeps(200, `{"id":"s"}`))
	request := supportRequest(0)
	for i, want := range []string{
		`{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`,
		`{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":[]}`,
	} {
		if _, err := service.client(t).RequestSupport(t.Context(), request); err != nil || service.bodies()[i] != want {
			t.Errorf("sent %s, want %s; %v", service.bodies()[i], want, err)
		}
		request.SupportUsersPermissionPolicy = []m3teraccess.Statement{}
	}
}

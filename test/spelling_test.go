package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// Each lower-case value of an enum has a constant. Requests have lower-case values.
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

// Each call returns statements in the spelling of requests, whatever the spelling of m3ter. Resources are unchanged.
func TestStatementsAreReturnedInSendableForm(t *testing.T) {
	forms := map[[2]string][2]string{ // of an effect and an action
		{"allow", "config:create"}: {"allow", "config:create"},
		{"ALLOW", "NEW_THING_DO"}:  {"allow", "new:thing:do"}, // m3ter does not publish this action
		{"audit", "new:thing_do"}:  {"audit", "new:thing_do"},
		{"Deny", "Config_Create"}:  {"deny", "config:create"},
		{"", ""}:                   {"", ""},
	}
	for _, value := range cases.Document().Components.Schemas["Action"].Value.Enum {
		action := value.(string)
		forms[[2]string{"DENY", strings.ToUpper(strings.ReplaceAll(action, ":", "_"))}] = [2]string{"deny", action}
	}
	statement := func(form [2]string) map[string]any {
		return map[string]any{"effect": form[0], "action": []any{form[1]}, "resource": []any{"Config:METER/*"}}
	}
	answered := make(map[string]bool)
	for _, call := range calls {
		for _, example := range call.Answers() {
			for answer, want := range forms {
				var tree any
				if err := json.Unmarshal(example, &tree); err != nil {
					t.Fatal(err)
				}
				for _, found := range statementsIn(tree) {
					maps.Copy(found, statement(answer))
					answered[call.name] = true
				}
				got, err := call.Do(t.Context(), newLocalClient(t, viaHandler{valid(200, toJSON(tree))}))
				if err != nil && !errors.Is(err, m3teraccess.ErrRepeatedToken) { // the page token of the example repeats
					t.Fatal(err)
				}
				if err := json.Unmarshal([]byte(toJSON(got)), &tree); err != nil {
					t.Fatal(err)
				}
				for _, got := range statementsIn(tree) {
					if !reflect.DeepEqual(got, statement(want)) {
						t.Errorf("%s: got %v, want %v", call.name, got, want)
					}
				}
			}
		}
	}
	if len(answered) < 4 {
		t.Errorf("the examples have statements in the answers of %v alone", answered)
	}
}

// statementsIn returns the statements inside a JSON value.
func statementsIn(tree any) (found []map[string]any) {
	list, _ := tree.([]any)
	if object, ok := tree.(map[string]any); ok {
		if _, ok := object["effect"]; ok {
			return []map[string]any{object}
		}
		list = slices.Collect(maps.Values(object))
	}
	for _, value := range list {
		found = append(found, statementsIn(value)...)
	}
	return found
}

// The client reads a response with a new type of principal.
func TestUnknownPrincipalTypes(t *testing.T) {
	for _, kind := range []string{"USER", "USERGROUP", "SERVICEUSER", "SUPPORTUSERS", "ROBOT", "user", ""} {
		client := newLocalClient(t, viaHandler{valid(200, `{"id":"l","principalType":"`+kind+`"}`)})
		link, err := client.AddPermissionPolicyToUser(t.Context(), "p", m3teraccess.PrincipalPermissionRequest{PrincipalID: "u"})
		if err != nil || link.PrincipalType != kind {
			t.Errorf("%s: got %+v, %v", kind, link, err)
		}
	}
}

// The client omits zero values, but sends an empty list of support statements, which differs from no list.
func TestZeroValuesAreOmitted(t *testing.T) {
	server := newServer(t, valid(200, `{"id":"s"}`))
	request := supportRequest(0)
	for i, want := range []string{
		`{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`,
		`{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":[]}`,
	} {
		if _, err := server.client(t).RequestSupport(t.Context(), request); err != nil || server.bodies()[i] != want {
			t.Errorf("sent %s, want %s; %v", server.bodies()[i], want, err)
		}
		request.SupportUsersPermissionPolicy = []m3teraccess.Statement{}
	}
}

package m3teraccess

import (
	"reflect"
	"testing"
)

// Sendable converts a copy of the statements.
func TestSendable(t *testing.T) {
	for read, want := range map[Action]Action{
		"ALLOW":                    "allow",
		"CONFIG_CREATE":            "config:create",
		"MARKETPLACE_USAGE_CREATE": "marketplace:usage:create",
		"NEW_THING":                "new:thing", // an unknown action follows the same rule
		"Config_Create":            "config:create",
		"config:create":            "config:create",
		"new_thing":                "new_thing", // m3ter accepts it, and another name would be another action
		"":                         "",
	} {
		statements := []Statement{{Effect: "ALLOW", Action: []Action{read}, Resource: []string{"*"}}}
		once := Sendable(statements)
		if !reflect.DeepEqual(once, []Statement{Allow(want).On("*")}) || statements[0].Effect != "ALLOW" || statements[0].Action[0] != read {
			t.Errorf("%q became %v, want %q; the statements are %v", read, once, want, statements)
		}
		if twice := Sendable(once); !reflect.DeepEqual(twice, once) {
			t.Errorf("%q changes a second time: %v", read, twice)
		}
	}
	if Sendable(nil) != nil {
		t.Error("nil became statements")
	}
}

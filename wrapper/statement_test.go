package m3teraccess

import (
	"reflect"
	"testing"
)

func TestCanonical(t *testing.T) {
	tests := map[string]string{
		"ALLOW":                    "allow",
		"CONFIG_CREATE":            "config:create",
		"MARKETPLACE_USAGE_CREATE": "marketplace:usage:create",
		"NEW_THING":                "new:thing", // an unknown action follows the same rule
		"Config_Create":            "config:create",
		"config:create":            "config:create",
		"new_thing":                "new_thing", // m3ter accepts it, and another name would be another action
		"":                         "",
	}
	for answered, want := range tests {
		once := Sendable([]Statement{{Action: []Action{Action(answered)}}})
		if got := string(once[0].Action[0]); got != want {
			t.Errorf("%q became %q, want %q", answered, got, want)
		}
		if twice := Sendable(once); !reflect.DeepEqual(twice, once) {
			t.Errorf("%q changes a second time: %v", answered, twice)
		}
	}
}

func TestSendableIsACopy(t *testing.T) {
	read := []Statement{{Effect: "ALLOW", Action: []Action{"CONFIG_CREATE", "new_thing"}, Resource: []string{"*"}}}
	got := Sendable(read)
	want := []Statement{Allow(ConfigCreate, "new_thing").On("*")}
	if !reflect.DeepEqual(got, want) || read[0].Effect != "ALLOW" || read[0].Action[0] != "CONFIG_CREATE" {
		t.Errorf("got %v of %v", got, read)
	}
	if Sendable(nil) != nil {
		t.Error("nil became statements")
	}
}

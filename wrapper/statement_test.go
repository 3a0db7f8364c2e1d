package m3teraccess

import "testing"

func TestCanonical(t *testing.T) {
	tests := map[string]string{
		"ALLOW":                    "allow",
		"CONFIG_CREATE":            "config:create",
		"MARKETPLACE_USAGE_CREATE": "marketplace:usage:create",
		"NEW_THING":                "new:thing", // unknown, by the same rule
		"Config_Create":            "config:create",
		"config:create":            "config:create",
		"new_thing":                "new_thing", // can be sent as it is: another name would be another action
		"":                         "",
	}
	for answered, want := range tests {
		if got := canonical(answered); got != want {
			t.Errorf("canonical(%q) = %q, want %q", answered, got, want)
		}
		if again := canonical(canonical(answered)); again != canonical(answered) {
			t.Errorf("canonical(%q) is not stable: %q", answered, again)
		}
	}
}

package m3teraccess

import (
	"encoding/json"
	"testing"
	"time"
)

type embedded struct {
	ID string `json:"id"`
}

type statements struct {
	Promoted []Statement `json:"promoted"`
}

// A node leads back to its parent. Only a type that decodes itself can do so.
type node struct {
	Parent   *node
	Children []*node
}

func (n *node) UnmarshalJSON([]byte) error {
	n.Children = []*node{{Parent: n}}
	return nil
}

// The id is the one that encoding/json decodes: another field may hide the id of an embedded struct, and an embedded
// struct with a name in JSON is another object.
func TestFinishEmbeddedStruct(t *testing.T) {
	type Parent struct {
		ID string `json:"id"`
	}
	if lacks := finishAny(&struct{ Parent }{}); lacks != "id" {
		t.Errorf("lacks %q, want the id", lacks)
	}
	if lacks := finishAny(&struct {
		*Parent `json:"parent,omitempty"`
	}{}); lacks != "" {
		t.Errorf("lacks %q, but needs nothing", lacks)
	}
	if lacks := finishAny(&struct {
		Parent
		UserID string `json:"id"` // hides the id of Parent
	}{UserID: "u"}); lacks != "" {
		t.Errorf("lacks %q, but has it", lacks)
	}
	if lacks := finishAny(&struct {
		UserID string `json:"id"`
		Parent
	}{UserID: "u"}); lacks != "" {
		t.Errorf("lacks %q, but has it", lacks)
	}
}

func TestFinishAnyType(t *testing.T) {
	const statement = `{"effect":"ALLOW","action":["CONFIG_CREATE"],"resource":["*"]}`
	var got struct {
		*embedded
		statements
		Map     map[string]PermissionPolicy `json:"map"`
		Lists   map[string][]*Statement     `json:"lists"`
		Array   [1]Statement                `json:"array"`
		Pointer **Support                   `json:"pointer"`
		Node    node                        `json:"node"`
		Next    *struct{ Times []time.Time }
		hidden  *Statement
	}
	text := `{"map":{"a":{"id":"p","permissionPolicy":[` + statement + `]}},"lists":{"a":[` + statement + `]},"array":[` + statement + `],"promoted":[` + statement + `],
		"pointer":{"id":"s","supportUsersPermissionPolicy":[` + statement + `]},"node":{}}`
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	got.hidden = &Statement{Effect: "ALLOW"}
	if lacks := finishAny(&got); lacks != "id" {
		t.Errorf("lacks %q, want the id of a nil embedded pointer", lacks)
	}
	for place, s := range map[string]Statement{
		"a map": got.Map["a"].PermissionPolicy[0], "lists in a map": *got.Lists["a"][0],
		"an array": got.Array[0], "an embedded struct": got.Promoted[0], "a pointer to a pointer": (*got.Pointer).SupportUsersPermissionPolicy[0],
	} {
		if s.String() != "allow config:create on *" {
			t.Errorf("in %s: %v", place, s)
		}
	}
	if got.hidden.Effect != "ALLOW" {
		t.Error("an unexported field changed")
	}
}

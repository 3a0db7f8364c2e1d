package test

import (
	"errors"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A create must not carry a version, nor must what is new; all else carries the one it was given.
func TestVersionIsSentWhenThereIsOne(t *testing.T) {
	fake, client := newFake(t)
	fake.AddUser("u")
	group := fake.AddResourceGroup("meter", gen.ResourceGroup{Version: 41},
		m3tertest.Item{TargetID: "i", TargetType: "item"}, m3tertest.Item{TargetID: "j", TargetType: "item"})
	policy := fake.AddPermissionPolicy(gen.PermissionPolicy{})
	ctx := t.Context()
	link := func(version int64) error {
		return either(client.AddPermissionPolicyToUser(ctx, policy.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: "u", Version: version}))
	}
	remove := func(id string, version int64) error {
		return either(client.RemoveResource(ctx, "meter", group.ID, m3teraccess.ResourceGroupItemRequest{TargetID: id, TargetType: "item", Version: version}))
	}
	tests := []struct {
		name string
		err  error
		sent string // in the body; "" for no version at all
	}{
		{"create a policy", either(client.CreatePermissionPolicy(ctx, policyRequest())), ""},
		{"first request of support", either(client.RequestSupport(ctx, supportRequest(0))), ""},
		{"change of support", either(client.RequestSupport(ctx, supportRequest(1))), `"version":1`},
		{"new link", link(0), ""},
		{"existing link", link(1), `"version":1`},
		{"removal, unchecked", remove("i", 0), ""},
		{"removal", remove("j", 42), `"version":42`},
	}
	sent := operations(fake.Requests())
	if len(sent) != len(tests) {
		t.Fatalf("sent %d requests, want %d", len(sent), len(tests))
	}
	for i, test := range tests {
		body := string(sent[i].Body)
		if test.err != nil || !strings.Contains(body, test.sent) || test.sent == "" && strings.Contains(body, "version") {
			t.Errorf("%s: sent %s, want %q; %v", test.name, body, test.sent, test.err)
		}
	}
}

// A refusal is a version conflict in each of the forms in which it may come, and only where a version was sent.
func TestVersionConflict(t *testing.T) {
	refusals := []struct {
		name     string
		answer   answer
		conflict bool
	}{
		{"409", keeps(409, `{"message":"stale"}`), true},
		{"409 without a message", breaks(409, ""), true},
		{"412", keeps(412, `{}`), true},
		{"400 about the version", keeps(400, `{"message":"Version 3 is not the current one"}`), true},
		{"400 about VERSION", keeps(400, `{"message":"INVALID VERSION"}`), true},
		{"400 about another thing", keeps(400, `{"message":"name is too long"}`), false},
		{"400 without a message", breaks(400, ""), false},
		{"400 that says version elsewhere", keeps(400, `{"message":"no","apiVersion":"2"}`), false},
		{"404 about the version", keeps(404, `{"message":"no such version"}`), false},
		{"500 about the version", keeps(500, `{"message":"version"}`), false},
	}
	for _, refusal := range refusals {
		client := newLocalClient(t, viaHandler{refusal.answer})
		ctx := t.Context()
		for _, call := range calls { // with version 1, where they carry one
			want := refusal.conflict && call.write && call.name != "CreatePermissionPolicy"
			if err := call.do(ctx, client); err == nil || errors.Is(err, m3teraccess.ErrVersionConflict) != want {
				t.Errorf("%s, %s: is a conflict: %t, want %t: %v", refusal.name, call.name, !want, want, err)
			}
		}
		for name, err := range map[string]error{
			"RequestSupport":            either(client.RequestSupport(ctx, supportRequest(0))),
			"AddPermissionPolicyToUser": either(client.AddPermissionPolicyToUser(ctx, "p", m3teraccess.PrincipalPermissionRequest{PrincipalID: "u"})),
			"RemoveResource":            either(client.RemoveResource(ctx, "meter", "g", m3teraccess.ResourceGroupItemRequest{TargetID: "i", TargetType: "item"})),
		} {
			if err == nil || errors.Is(err, m3teraccess.ErrVersionConflict) {
				t.Errorf("%s, %s without a version: %v", refusal.name, name, err)
			}
		}
	}
}

// With the fake, which refuses a stale version, a missing one, and one of what doesn't exist.
func TestStaleVersionsOfTheFake(t *testing.T) {
	_, client := newFake(t)
	ctx := t.Context()
	steps := []struct {
		version       int64
		want          error
		wantedVersion int64
	}{
		{1, m3teraccess.ErrVersionConflict, 0}, // there is none yet
		{0, nil, 1},
		{1, nil, 2},
		{1, m3teraccess.ErrVersionConflict, 0},
		{3, m3teraccess.ErrVersionConflict, 0},
		{2, nil, 3},
	}
	for i, step := range steps {
		support, err := client.RequestSupport(ctx, supportRequest(step.version))
		if !errors.Is(err, step.want) || err == nil && support.Version != step.wantedVersion {
			t.Errorf("step %d: got %+v, %v, want version %d, %v", i, support, err, step.wantedVersion, step.want)
		}
	}
	// Without a version it is refused all the same, but nobody else changed anything: the caller forgot it.
	var refused *m3teraccess.Error
	if _, err := client.RequestSupport(ctx, supportRequest(0)); !errors.As(err, &refused) || errors.Is(err, m3teraccess.ErrVersionConflict) {
		t.Errorf("no version: %v", err)
	}
}

package test

import (
	"errors"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// An update carries its version. A create carries none, nor does a call with version 0.
func TestVersionIsSentWhenThereIsOne(t *testing.T) {
	for _, call := range calls {
		for version, want := range map[int]string{0: "", 42: `"version":42`} {
			if call.Version() == "" {
				want = ""
			}
			service := newService(t, keeps(200, call.good))
			_, err := call.Sending(call.VersionedBody(version)).Do(t.Context(), service.client(t))
			body := service.bodies()[0]
			if err != nil || !strings.Contains(body, want) || want == "" && strings.Contains(body, "version") {
				t.Errorf("%s: sent %s, want %q; %v", call.name, body, want, err)
			}
		}
	}
}

// A refusal is a version conflict in each form that it can have, but only if the call sent a version.
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
		for _, call := range calls {
			for _, version := range []int{1, 0} {
				want := refusal.conflict && call.Version() != "" && version > 0
				_, err := call.Sending(call.VersionedBody(version)).Do(t.Context(), client)
				if err == nil || errors.Is(err, m3teraccess.ErrVersionConflict) != want {
					t.Errorf("%s, %s with version %d: is a conflict: %t, want %t: %v", refusal.name, call.name, version, !want, want, err)
				}
			}
		}
	}
}

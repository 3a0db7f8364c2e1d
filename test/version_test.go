package test

import (
	"errors"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// An update sends its version, unless it is 0. A create sends none. A refusal is a version conflict only if the call
// sent a version. TestRefusesVersion in wrapper tests more messages.
func TestVersions(t *testing.T) {
	for _, test := range []struct {
		answer     answer
		isConflict bool
	}{
		{valid(409, `{"message":"stale"}`), true},
		{invalid(409, ""), true},
		{valid(412, `{}`), true},
		{valid(400, `{"message":"Version 3 is not the current one"}`), true},
		{invalid(400, ""), false},
		{valid(400, `{"message":"name is too long","apiVersion":"2"}`), false},
		{valid(404, `{"message":"no such version"}`), false},
		{valid(500, `{"message":"version"}`), false},
	} {
		server := newServer(t, test.answer)
		client := server.client(t)
		for _, call := range calls {
			for _, version := range []int{0, 42} {
				before := len(server.bodies())
				_, err := call.Sending(call.VersionedBody(version)).Do(t.Context(), client)
				sends := call.Version() != "" && version > 0
				if want := test.isConflict && sends; err == nil || errors.Is(err, m3teraccess.ErrVersionConflict) != want {
					t.Errorf("%v, %s with version %d: is a conflict: %t, want %t: %v", test.answer, call.name, version, !want, want, err)
				}
				body := server.bodies()[before]
				if strings.Contains(body, `"version":42`) != sends || strings.Contains(body, "version") != sends {
					t.Errorf("%s with version %d: sent %s", call.name, version, body)
				}
			}
		}
	}
}

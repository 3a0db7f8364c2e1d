package m3teraccess

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"
)

// What a program sees of such an answer is a DecodeError, whichever release of Go built it.
func TestUnreadableAnswers(t *testing.T) {
	for name, entity := range map[string]string{
		"a member twice":           `{"id":"p","id":"p"}`,
		"twice, one escaped":       `{"id":"p","\u0069d":"p"}`,
		"twice, unknown":           `{"id":"p","more":1,"more":1}`,
		"twice, far inside":        `{"id":"p","more":[{"a":{"b":1,"b":1}}]}`,
		"twice in a statement":     `{"id":"p","permissionPolicy":[{"effect":"ALLOW","effect":"DENY"}]}`,
		"a stray byte":             "{\"id\":\"p\xff\"}",
		"half a surrogate pair":    `{"id":"p\ud83d"}`,
		"half a pair, unknown":     `{"id":"p","more":["\ude00"]}`,
		"a version with a point":   `{"id":"p","version":1.0}`,
		"a version of an exponent": `{"id":"p","version":1e3}`,
		"a version above 64 bits":  `{"id":"p","version":9223372036854775808}`,
		"an id of another case":    `{"ID":"p"}`,
		"two marks":                "\ufeff\ufeff" + `{"id":"p"}`,
		"a mark behind a space":    " \ufeff" + `{"id":"p"}`,
	} {
		for _, m := range methods {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				checkUnreadable(t, m, entity)
			})
		}
		t.Run(name+"/a page", func(t *testing.T) {
			checkUnreadable(t, methodNamed("UserPermissionsPage"), `{"data":[`+entity+`]}`)
			checkUnreadable(t, methodNamed("UserPermissionsPage"), `[`+entity+`]`)
		})
	}
}

func methodNamed(name string) method {
	for _, m := range methods {
		if m.name == name {
			return m
		}
	}
	panic(name)
}

func checkUnreadable(t *testing.T, m method, body string) {
	t.Helper()
	err := m.call(t.Context(), newScripted(t, &script{steps: []step{answers(200, body)}}))
	if !errors.As(err, new(*DecodeError)) || errors.Is(err, ErrOutcomeUnknown) == m.isRead {
		t.Errorf("%q: %v", body, err)
	}
	// These types are those of one release: a program that looks for them would see a difference.
	if errors.As(err, new(*json.SyntaxError)) || errors.As(err, new(*json.UnmarshalTypeError)) {
		t.Errorf("%q: %v shows how it is decoded", body, err)
	}
}

func TestNamesMatchExactly(t *testing.T) {
	want := PermissionPolicy{ID: "p", Version: 1, PermissionPolicy: []Statement{{Effect: EffectAllow}}}
	for _, policy := range []string{
		`{"id":"p","version":1,"permissionPolicy":[{"effect":"ALLOW"}],"ID":"q","Version":2,"Name":"n"}`,
		`{"ID":"q","verſion":2,"PERMISSIONPOLICY":[],"id":"p","version":1,"permissionPolicy":[{"Effect":"DENY","effect":"ALLOW"}]}`,
		`{"ID":{},"Version":"2","id":"p","version":1,"permissionPolicy":[{"effect":"ALLOW","Action":7}]}`,
	} {
		for body, list := range map[string]bool{
			policy:                                  false,
			"\ufeff" + policy:                       false,
			`[` + policy + `]`:                      true,
			"\ufeff[" + policy + `]`:                true,
			`{"data":[` + policy + `],"Data":null}`: true,
			`{"DATA":7,"data":[` + policy + `]}`:    true,
		} {
			client := newScripted(t, &script{steps: []step{answers(200, body), answers(200, body)}})
			page, err := client.UserPermissionsPage(t.Context(), "user", PageParams{})
			if err != nil || len(page.Data) != 1 || !reflect.DeepEqual(page.Data[0], want) {
				t.Errorf("%q: %+v, %v", body, page, err)
			}
			if list {
				continue
			}
			created, err := client.CreatePermissionPolicy(t.Context(), PermissionPolicyRequest{
				Name: "n", PermissionPolicy: []Statement{Allow(All).On("*")},
			})
			if err != nil || !reflect.DeepEqual(*created, want) {
				t.Errorf("%q: %+v, %v", body, created, err)
			}
		}
	}
	for _, body := range []string{`{"Data":[]}`, `{"DATA":null}`} {
		checkUnreadable(t, methodNamed("UserPermissionsPage"), body)
	}
	client := newScripted(t, &script{steps: []step{answers(200, `{"data":[],"NextToken":"t"}`)}})
	if page, err := client.UserPermissionsPage(t.Context(), "user", PageParams{}); err != nil || page.NextToken != "" {
		t.Errorf("got %+v, %v", page, err)
	}
}

func TestMessagesOfErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"no"}`:                 "no",
		"\ufeff" + `{"message":"no"}`:      "no",
		`{"message":"no","Message":"yes"}`: "no",
		`{"Message":"yes"}`:                "",
		`{"message":"no","message":"yes"}`: "",
		"{\"message\":\"no\xff\"}":         "",
		`{"message":"no\ud83d"}`:           "",
	} {
		client := newScripted(t, &script{steps: []step{answers(404, body)}})
		_, err := client.UserPermissionsPage(t.Context(), "user", PageParams{})
		var failure *Error
		if !errors.As(err, &failure) || failure.Message != want || utf8.ValidString(body) && string(failure.Body) != body {
			t.Errorf("%q: %v with %+q, want the message %q", body, err, failure.Body, want)
		}
	}
}

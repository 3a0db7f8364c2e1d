package m3teraccess

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"
)

// An unreadable response causes a DecodeError, with every release of Go. Package strictjson has more such responses.
func TestUnreadableAnswers(t *testing.T) {
	for name, entity := range map[string]string{
		"a member twice":         `{"id":"p","id":"p"}`,
		"twice in a statement":   `{"id":"p","permissionPolicy":[{"effect":"ALLOW","effect":"DENY"}]}`,
		"a stray byte":           "{\"id\":\"p\xff\"}",
		"half a surrogate pair":  `{"id":"p\ud83d"}`,
		"a version with a point": `{"id":"p","version":1.0}`,
		"an id of another case":  `{"ID":"p"}`,
		"two marks":              "\ufeff\ufeff" + `{"id":"p"}`,
		"a mark after a space":   " \ufeff" + `{"id":"p"}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range methods {
				checkUnreadable(t, m, entity)
			}
			checkUnreadable(t, userPermissionsPage, `{"data":[`+entity+`]}`)
			checkUnreadable(t, userPermissionsPage, `[`+entity+`]`)
		})
	}
	checkUnreadable(t, userPermissionsPage, `{"Data":[]}`)
	checkUnreadable(t, userPermissionsPage, `{"DATA":null}`)
}

func checkUnreadable(t *testing.T, m method, body string) {
	t.Helper()
	err := m.call(t.Context(), newScripted(t, &script{steps: []step{answers(200, body)}}))
	if !errors.As(err, new(*DecodeError)) || errors.Is(err, ErrOutcomeUnknown) == m.isRead {
		t.Errorf("%q: %v", body, err)
	}
	// Not every release of Go has these types, so the error must not match them.
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
		for _, body := range []string{
			policy, "\ufeff" + policy, `[` + policy + `]`, "\ufeff[" + policy + `]`,
			`{"data":[` + policy + `],"Data":null}`, `{"DATA":7,"data":[` + policy + `],"NextToken":"t"}`,
		} {
			client := newScripted(t, &script{steps: always(answers(200, body))})
			page, err := client.UserPermissionsPage(t.Context(), "user", PageParams{})
			if err != nil || page.NextToken != "" || len(page.Data) != 1 || !reflect.DeepEqual(page.Data[0], want) {
				t.Errorf("%q: %+v, %v", body, page, err)
			}
		}
		client := newScripted(t, &script{steps: always(answers(200, policy))})
		if created, err := Send[PermissionPolicy](t.Context(), client, "POST", nil, "x"); err != nil || !reflect.DeepEqual(*created, want) {
			t.Errorf("%q: %+v, %v", policy, created, err)
		}
	}
}

func TestMessagesOfErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"no"}`:                 "no",
		`{"message":["long","no"]}`:        "long; no",
		`{"message":[7,"no"]}`:             "no",
		`{"message":7}`:                    "",
		`{"message":{}}`:                   "",
		`<html>`:                           "",
		"\ufeff" + `{"message":"no"}`:      "no",
		`{"message":"no","Message":"yes"}`: "no",
		`{"Message":"yes"}`:                "",
		`{"message":"no","message":"yes"}`: "",
		"{\"message\":\"no\xff\"}":         "",
		`{"message":"no\ud83d"}`:           "",
	} {
		err := doRead(t, newScripted(t, &script{steps: []step{answers(404, body)}}))
		var failure *Error
		if !errors.As(err, &failure) || failure.Message != want || utf8.ValidString(body) && string(failure.Body) != body {
			t.Errorf("%q: %v with %+q, want the message %q", body, err, failure.Body, want)
		}
	}
}

// A success with an invalid compression is unreadable. The client retries only if the response breaks off.
func TestBrokenCompression(t *testing.T) {
	const good = `{"id":"1","data":[],"name":"a name of some length, so that there is something to compress"}`
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = w.Write([]byte(good))
	_ = w.Close()
	flipped := func(at int, bits byte) []byte {
		body := bytes.Clone(compressed.Bytes())
		body[(at+len(body))%len(body)] ^= bits
		return body
	}
	for name, test := range map[string]struct {
		body     []byte
		readable bool
		attempts int32
	}{
		"in order":   {compressed.Bytes(), true, 1},
		"no gzip":    {[]byte(good), false, 1},
		"checksum":   {flipped(-6, 0xff), false, 1},
		"length":     {flipped(-2, 0xff), false, 1},
		"block type": {flipped(10, 6&^compressed.Bytes()[10]), false, 1}, // type 3, which does not exist
		"cut":        {compressed.Bytes()[:compressed.Len()/2], false, 4},
	} {
		var received atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			received.Add(1)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(test.body)
		}))
		defer server.Close()
		options := []Option{WithHTTPClient(server.Client()), WithBaseURL(server.URL), atOnce}
		client := newScripted(t, &script{}, append(options, withToken1)...)
		unreadable := !test.readable && test.attempts == 1
		check := func(call string, err error, isRight bool, attempts int32) {
			if n := received.Swap(0); !isRight || n != attempts {
				t.Errorf("%s, %s: %v after %d attempts", name, call, err, n)
			}
		}
		for _, m := range methods {
			want := test.attempts
			if !m.isRead {
				want = 1
			}
			err := m.call(t.Context(), client)
			check(m.name, err, errors.As(err, new(*DecodeError)) == unreadable && (err == nil) == test.readable, want)
			if err != nil && errors.Is(err, ErrOutcomeUnknown) == m.isRead {
				t.Errorf("%s, %s: %v", name, m.name, err)
			}
		}
		_, err := client.Do(newRequest(t, "GET", server.URL+"/x", strings.NewReader("")))
		check("Do", err, errors.As(err, new(*DecodeError)) == unreadable, test.attempts)
		err = doWrite(t, newScripted(t, &script{}, options...))
		check("an access token", err, errors.As(err, new(*AuthError)), test.attempts)
	}
}

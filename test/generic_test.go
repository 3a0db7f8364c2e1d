package test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A user is a type that a program declares.
type user struct {
	ID   string `json:"id"`
	Mail string `json:"email"`
}

// newClientOfResponse makes a client whose server gives each request the same response.
func newClientOfResponse(t *testing.T, status int, body string) *m3teraccess.Client {
	return newUncheckedClient(t, "http://localhost", viaHandler{answer{status: status, body: body}})
}

func TestGetIsReadAsStrictlyAsTheMethods(t *testing.T) {
	for body, readable := range map[string]bool{
		`{"id":"u","email":"a@b"}`:    true,
		`{"id":"u","unknown":[1,{}]}`: true,
		`{}`:                          false,
		`{"id":""}`:                   false,
		`{"ID":"u"}`:                  false,
		`null`:                        false,
		``:                            false,
		`<html>`:                      false,
		`{"id":"u","id":"v"}`:         false,
		`{"id":"u"}{"id":"v"}`:        false,
	} {
		got, err := m3teraccess.Get[user](t.Context(), newClientOfResponse(t, 200, body), "users", "u")
		if readable && (err != nil || got.ID != "u") || !readable && !errors.As(err, new(*m3teraccess.DecodeError)) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	// Not every type has an id.
	if got, err := m3teraccess.Get[map[string]int](t.Context(), newClientOfResponse(t, 200, `{"count":3}`), "counts"); err != nil || (*got)["count"] != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := m3teraccess.Get[user](t.Context(), newClientOfResponse(t, 404, `{"message":"no such user"}`), "users", "u")
	if !errors.Is(err, m3teraccess.ErrNotFound) || !strings.Contains(err.Error(), "/users/u") {
		t.Errorf("got %v", err)
	}
}

func TestPathSegments(t *testing.T) {
	ctx := t.Context()
	server := newServer(t, valid(200, `{"id":"u"}`))
	client := newUncheckedClient(t, server.URL, newTransport(t))
	for segment, escaped := range map[string]string{"a b": "a%20b", "a?b#c": "a%3Fb%23c", "%2e%2e": "%252e%252e", "é": "%C3%A9"} {
		before := len(server.requests())
		if _, err := m3teraccess.Get[user](ctx, client, "users", segment); err != nil {
			t.Error(err)
		}
		if uri := server.requests()[before].RequestURI; uri != "/organizations/org/users/"+escaped {
			t.Errorf("%q was sent as %s", segment, uri)
		}
	}
	before := len(server.requests())
	for _, segments := range [][]string{nil, {""}, {"users/u"}, {"users", ".."}, {"users", `a\b`}, {"users", "a\nb"}} {
		_, getErr := m3teraccess.Get[user](ctx, client, segments...)
		_, sendErr := m3teraccess.Send[user](ctx, client, "POST", nil, segments...)
		_, listErr := collect(m3teraccess.List[user](ctx, client, nil, segments...))
		for _, err := range []error{getErr, sendErr, listErr} {
			var invalid *m3teraccess.ValidationError
			if !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Field, "segments") {
				t.Errorf("%q: got %v", segments, err)
			}
		}
	}
	if sent := len(server.requests()) - before; sent > 0 {
		t.Errorf("sent %d requests", sent)
	}
}

func TestSend(t *testing.T) {
	ctx := t.Context()
	for _, test := range []struct {
		name             string
		status           int
		answer           string
		body             any
		conflict, unsure bool
	}{
		{"a version", 409, `{}`, map[string]any{"version": 3}, true, false},
		{"a version in a 400", 400, `{"message":"the version is not the current version"}`, map[string]any{"version": 3}, true, false},
		{"version 0", 409, `{}`, map[string]any{"version": 0}, false, false},
		{"no version", 409, `{}`, map[string]any{"inside": map[string]any{"version": 3}}, false, false},
		{"no body", 409, `{}`, nil, false, false},
		{"a bad gateway", 502, `<html>`, nil, false, true},
		{"an empty success", 204, ``, nil, false, true},
		{"a success that can't be read", 200, `{"id":""}`, nil, false, true},
	} {
		_, err := m3teraccess.Send[user](ctx, newClientOfResponse(t, test.status, test.answer), "POST", test.body, "users", "u")
		if err == nil || errors.Is(err, m3teraccess.ErrVersionConflict) != test.conflict || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != test.unsure {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
	server := newServer(t, valid(200, `{"id":"u"}`))
	client := newUncheckedClient(t, server.URL, newTransport(t))
	if got, err := m3teraccess.Send[user](ctx, client, "PATCH", user{ID: "u", Mail: "a"}, "users", "u"); err != nil || got.ID != "u" {
		t.Errorf("%+v, %v", got, err)
	}
	sent, body := server.requests()[0], server.bodies()[0]
	if sent.Method != "PATCH" || sent.RequestURI != "/organizations/org/users/u" || body != `{"id":"u","email":"a"}` {
		t.Errorf("sent %s %s %s", sent.Method, sent.RequestURI, body)
	}
	for _, body := range []string{``, `{}`, `<html>`, `null`} { // of a success
		if _, err := m3teraccess.Send[struct{}](ctx, newClientOfResponse(t, 200, body), "DELETE", nil, "users", "u"); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
	for _, bad := range []struct {
		method string
		body   any
	}{{"", nil}, {"PO ST", nil}, {"POST", make(chan int)}} {
		if _, err := m3teraccess.Send[user](ctx, client, bad.method, bad.body, "users"); !errors.As(err, new(*m3teraccess.ValidationError)) {
			t.Errorf("%q, %v: got %v", bad.method, bad.body, err)
		}
	}
}

// TestAllPagesAreRead tests the pages of List.
func TestListOfAnyType(t *testing.T) {
	for body, says := range map[string]string{`{"data":[{"id":"4"},{"id":""}]}`: "data[1].id", `{"message":"no"}`: "neither a page"} {
		_, err := collect(m3teraccess.List[user](t.Context(), newClientOfResponse(t, 200, body), nil, "users"))
		if !errors.As(err, new(*m3teraccess.DecodeError)) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, body := range []string{`[{"id":"6"}]`, `{"id":"6"}`, `{"data":[{"id":"6"}],"nextToken":null}`} {
		users, err := collect(m3teraccess.List[user](t.Context(), newClientOfResponse(t, 200, body), nil, "users"))
		if err != nil || !slices.Equal(users, []user{{ID: "6"}}) {
			t.Errorf("%s: %v, %v", body, users, err)
		}
	}
}

// Two writers make 200 updates each while every seventh response is lost. Each update is applied exactly once.
func TestTwoWritersThroughLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, client := newFake(t, m3teraccess.WithLimiter(unlimited{}))
		writes := 0
		fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
			if r.Operation != "RequestSupport" {
				return m3tertest.Fault{}, false
			}
			writes++
			return m3tertest.Fault{Break: m3tertest.DropAnswer}, writes%7 == 0
		})
		read := func(ctx context.Context) (*m3teraccess.Support, error) {
			return m3teraccess.Get[m3teraccess.Support](ctx, client, "support")
		}
		// A writer adds a statement, and looks for it with isAdded after an error.
		add := func(mark string) error {
			_, err := m3teraccess.RetryOnConflict(t.Context(), read, func(ctx context.Context, now *m3teraccess.Support) (*m3teraccess.Support, error) {
				if now == nil {
					now = &m3teraccess.Support{EndSupportUsersAccess: time.Now().Add(time.Hour)}
				}
				return client.RequestSupport(ctx, m3teraccess.SupportRequest{
					EndSupportUsersAccess:        now.EndSupportUsersAccess,
					SupportUsersPermissionPolicy: append(now.SupportUsersPermissionPolicy, m3teraccess.Allow(m3teraccess.All).On(mark)),
					Version:                      now.Version,
				})
			})
			return err
		}
		isAdded := func(mark string) bool {
			now, err := read(t.Context())
			return err == nil && slices.ContainsFunc(now.SupportUsersPermissionPolicy, func(s m3teraccess.Statement) bool { return s.Resource[0] == mark })
		}
		var writers sync.WaitGroup
		for writer := range 2 {
			writers.Go(func() {
				for round := range 200 {
					mark := fmt.Sprintf("%d-%d", writer, round)
					for err := add(mark); err != nil && !isAdded(mark); err = add(mark) {
						if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) && !errors.Is(err, m3teraccess.ErrVersionConflict) {
							t.Errorf("%s: %v", mark, err)
							return
						}
					}
				}
			})
		}
		writers.Wait()
		support, _ := fake.Support()
		marks := make(map[string]bool)
		for _, s := range support.SupportUsersPermissionPolicy {
			marks[s.Resource[0]] = true
		}
		if len(marks) != 400 || len(support.SupportUsersPermissionPolicy) != 400 || support.Version != 400 {
			t.Errorf("%d updates of 400, %d statements, version %d", len(marks), len(support.SupportUsersPermissionPolicy), support.Version)
		}
	})
}

// Twenty writers, with 60 ms a write and 40 ms a read, all succeed within 30 seconds. Each first reads version 0, since
// the resource doesn't exist yet.
func TestTwentyWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, client := newFake(t, m3teraccess.WithLimiter(unlimited{}))
		fake.Inject(m3tertest.Fault{Operation: "RequestSupport", Delay: 60 * time.Millisecond})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		read := func(context.Context) (int64, error) {
			time.Sleep(40 * time.Millisecond)
			support, _ := fake.Support()
			return support.Version, nil
		}
		write := func(ctx context.Context, version int64) (*m3teraccess.Support, error) {
			return client.RequestSupport(ctx, supportRequest(version))
		}
		var writers sync.WaitGroup
		for range 20 {
			writers.Go(func() {
				if _, err := m3teraccess.RetryOnConflict(ctx, read, write); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if support, _ := fake.Support(); support.Version != 20 {
			t.Errorf("version %d after 20 writers", support.Version)
		}
	})
}

// List sends what it was given, even if the caller changes its arguments before the loop.
func TestListKeepsItsArguments(t *testing.T) {
	server := newServer(t, valid(200, `{"data":[]}`))
	query, segments := url.Values{"pageSize": {"2"}}, []string{"users"}
	list := m3teraccess.List[user](t.Context(), server.client(t), query, segments...)
	query["pageSize"][0] = "3"
	segments[0] = "plans"
	if _, err := collect(list); err != nil {
		t.Error(err)
	}
	if uri := server.requests()[0].RequestURI; uri != "/organizations/org/users?pageSize=2" {
		t.Errorf("sent %s", uri)
	}
}

package test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	ID   string                  `json:"id"`
	Mail string                  `json:"email"`
	Held *m3teraccess.Support    `json:"held"`
	May  []m3teraccess.Statement `json:"may"`
	More []map[string]any        `json:"more"`
}

// via makes a client of a service that always gives the same response and records the requests.
func via(t *testing.T, status int, body string) (client *m3teraccess.Client, sent func() (method, uri, body string)) {
	t.Helper()
	var got *http.Request
	var gotBody []byte
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		gotBody, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	client, err := m3teraccess.NewClient(localOptions(m3teraccess.WithHTTPClient(&http.Client{Transport: viaHandler{handler}}),
		m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 1}))...)
	if err != nil {
		t.Fatal(err)
	}
	return client, func() (string, string, string) {
		if got == nil {
			return "", "", ""
		}
		return got.Method, got.URL.RequestURI(), string(gotBody)
	}
}

func TestGetIsReadAsStrictlyAsTheMethods(t *testing.T) {
	ctx := t.Context()
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
		client, _ := via(t, 200, body)
		got, err := m3teraccess.Get[user](ctx, client, "users", "u")
		if readable && (err != nil || got.ID != "u") || !readable && !errors.As(err, new(*m3teraccess.DecodeError)) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	// A type without an id needs none.
	client, _ := via(t, 200, `{"count":3}`)
	if got, err := m3teraccess.Get[map[string]int](ctx, client, "counts"); err != nil || (*got)["count"] != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	client, _ = via(t, 404, `{"message":"no such user"}`)
	if _, err := m3teraccess.Get[user](ctx, client, "users", "u"); !errors.Is(err, m3teraccess.ErrNotFound) || !strings.Contains(err.Error(), "/users/u") {
		t.Errorf("got %v", err)
	}
}

func TestStatementsInsideComeOutSendable(t *testing.T) {
	const statement = `{"effect":"ALLOW","action":["CONFIG_CREATE"],"resource":["*"]}`
	client, _ := via(t, 200, `{"id":"u","may":[`+statement+`],"held":{"id":"s","supportUsersPermissionPolicy":[`+statement+`]}}`)
	got, err := m3teraccess.Get[user](t.Context(), client, "users", "u")
	if err != nil {
		t.Fatal(err)
	}
	want := m3teraccess.Allow(m3teraccess.ConfigCreate).On("*").String()
	for _, statements := range [][]m3teraccess.Statement{got.May, got.Held.SupportUsersPermissionPolicy} {
		if len(statements) != 1 || statements[0].String() != want {
			t.Errorf("got %v, want %s", statements, want)
		}
	}
}

func TestSegmentsStaySegments(t *testing.T) {
	ctx := t.Context()
	client, sent := via(t, 200, `{"id":"u"}`)
	for segment, escaped := range map[string]string{"a b": "a%20b", "a?b#c": "a%3Fb%23c", "%2e%2e": "%252e%252e", "é": "%C3%A9"} {
		if _, err := m3teraccess.Get[user](ctx, client, "users", segment); err != nil {
			t.Error(err)
		}
		if _, uri, _ := sent(); uri != "/organizations/org/users/"+escaped {
			t.Errorf("%q was sent as %s", segment, uri)
		}
	}
	client, sent = via(t, 200, `{"id":"u"}`)
	for _, segments := range [][]string{nil, {""}, {"users/u"}, {"users", ".."}, {"users", `a\b`}, {"users", "a\nb"}} {
		_, err := m3teraccess.Get[user](ctx, client, segments...)
		var invalid *m3teraccess.ValidationError
		if !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Field, "segments") {
			t.Errorf("%q: got %v", segments, err)
		}
		_, err = m3teraccess.Send[user](ctx, client, "POST", nil, segments...)
		for _, listErr := range m3teraccess.List[user](ctx, client, nil, segments...) {
			err = errors.Join(err, listErr)
		}
		if !errors.As(err, &invalid) {
			t.Errorf("%q: got %v", segments, err)
		}
	}
	if method, _, _ := sent(); method != "" {
		t.Error("something was sent")
	}
}

func TestSend(t *testing.T) {
	ctx := t.Context()
	tests := []struct {
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
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, _ := via(t, test.status, test.answer)
			_, err := m3teraccess.Send[user](ctx, client, "POST", test.body, "users", "u")
			if err == nil || errors.Is(err, m3teraccess.ErrVersionConflict) != test.conflict || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != test.unsure {
				t.Errorf("got %v", err)
			}
		})
	}
	client, sent := via(t, 200, `{"id":"u"}`)
	if got, err := m3teraccess.Send[user](ctx, client, "PATCH", user{ID: "u", Mail: "a"}, "users", "u"); err != nil || got.ID != "u" {
		t.Errorf("%+v, %v", got, err)
	}
	if method, uri, body := sent(); method != "PATCH" || uri != "/organizations/org/users/u" || !strings.Contains(body, `"email":"a"`) {
		t.Errorf("sent %s %s %s", method, uri, body)
	}
	for _, body := range []string{``, `{}`, `<html>`, `null`} { // of a success
		client, _ := via(t, 200, body)
		if _, err := m3teraccess.Send[struct{}](ctx, client, "DELETE", nil, "users", "u"); err != nil {
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

func TestListWalksOverAllPages(t *testing.T) {
	var queries []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		keeps(200, map[string]string{
			"":  `{"data":[{"id":"1"},{"id":"2"}],"nextToken":"b"}`,
			"b": `{"data":[],"nextToken":"c"}`,
			"c": `{"data":[{"id":"3"}],"nextToken":null}`,
			"d": `{"data":[{"id":"4"},{"id":""}]}`,
			"e": `{"data":[],"nextToken":"e"}`,
			"f": `[{"id":"6"}]`,
			"g": `{"message":"no"}`,
		}[r.URL.Query().Get("nextToken")]).ServeHTTP(w, r)
	})
	client, err := m3teraccess.NewClient(localOptions(m3teraccess.WithHTTPClient(&http.Client{Transport: viaHandler{handler}}))...)
	if err != nil {
		t.Fatal(err)
	}
	list := func(query url.Values) (ids []string, err error) {
		for u, err := range m3teraccess.List[user](t.Context(), client, query, "users") {
			if err != nil {
				return ids, err
			}
			ids = append(ids, u.ID)
		}
		return ids, nil
	}
	given := url.Values{"pageSize": {"2"}}
	for range 2 { // each loop starts from the first page
		queries = nil
		if ids, err := list(given); err != nil || !slices.Equal(ids, []string{"1", "2", "3"}) {
			t.Errorf("%q, %v", ids, err)
		}
		if want := []string{"pageSize=2", "nextToken=b&pageSize=2", "nextToken=c&pageSize=2"}; !slices.Equal(queries, want) {
			t.Errorf("sent %q, want %q", queries, want)
		}
	}
	if len(given) != 1 {
		t.Errorf("the caller's query became %v", given)
	}
	if _, err := list(url.Values{"nextToken": {"d"}}); !errors.As(err, new(*m3teraccess.DecodeError)) || !strings.Contains(err.Error(), "data[1].id") {
		t.Errorf("an entry without an id: %v", err)
	}
	if _, err := list(url.Values{"nextToken": {"e"}}); !errors.Is(err, m3teraccess.ErrRepeatedToken) {
		t.Errorf("a repeated token: %v", err)
	}
	if ids, err := list(url.Values{"nextToken": {"f"}}); err != nil || !slices.Equal(ids, []string{"6"}) {
		t.Errorf("a bare list: %q, %v", ids, err)
	}
	if _, err := list(url.Values{"nextToken": {"g"}}); !errors.As(err, new(*m3teraccess.DecodeError)) {
		t.Errorf("no page: %v", err)
	}
}

// Two writers make 200 updates each while responses are lost. No update is lost, and none is applied twice.
func TestTwoWritersThroughLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, client := newFakeInMemory(t, m3teraccess.WithLimiter(unlimited{}))
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
		// Each writer adds its own statement, and looks for it after a lost response.
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

// Twenty writers, with 60 ms a write and 40 ms a read, all succeed within 30 seconds. All of them read version 0 at
// first: the resource doesn't exist yet.
func TestTwentyWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, client := newFakeInMemory(t, m3teraccess.WithLimiter(unlimited{}))
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

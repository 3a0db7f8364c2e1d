package test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// The client reads a page, a list or one policy, and refuses any other response.
func TestShapesOfPermissions(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer answer
		want   []string // ids; nil for a DecodeError
	}{
		{"page", valid(200, `{"data":[{"id":"a"},{"id":"b"}]}`), []string{"a", "b"}},
		{"last page, token null", valid(200, `{"data":[{"id":"a"}],"nextToken":null}`), []string{"a"}},
		{"last page, token empty", valid(200, `{"data":[{"id":"a"}],"nextToken":""}`), []string{"a"}},
		{"empty page", valid(200, `{"data":[]}`), []string{}},
		{"page of null", invalid(200, `{"data":null}`), []string{}},
		{"one policy", valid(200, `{"id":"a","name":"n","managedPolicy":true}`), []string{"a"}},
		{"one policy, space around", valid(200, " \n{\"id\":\"a\"}\n "), []string{"a"}},
		{"bare list", invalid(200, `[{"id":"a"},{"id":"b"}]`), []string{"a", "b"}},
		{"bare list, space around", invalid(200, "\t[{\"id\":\"a\"}] "), []string{"a"}},
		{"empty bare list", invalid(200, `[]`), []string{}},
		{"more fields", valid(200, `{"data":[{"id":"a","new":{"x":1}}],"total":1}`), []string{"a"}},
		{"neither data nor id", invalid(200, `{}`), nil},
		{"only a token", invalid(200, `{"nextToken":"t"}`), nil},
		{"an error in a success", invalid(200, `{"message":"no"}`), nil},
		{"policy without id", invalid(200, `{"name":"n"}`), nil},
		{"page with a policy without id", invalid(200, `{"data":[{"id":"a"},{"name":"n"}]}`), nil},
		{"page with null", invalid(200, `{"data":[null]}`), nil},
		{"bare list with null", invalid(200, `[null]`), nil},
		{"data an object", invalid(200, `{"data":{"id":"a"}}`), nil},
		{"data a string", invalid(200, `{"data":"a"}`), nil},
		{"null", invalid(200, `null`), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := newServer(t, test.answer).client(t)
			page, err := client.UserPermissionsPage(t.Context(), "u", m3teraccess.PageParams{})
			all, walkErr := collect(client.UserPermissions(t.Context(), "u"))
			if test.want == nil {
				if !errors.As(err, new(*m3teraccess.DecodeError)) || !errors.As(walkErr, new(*m3teraccess.DecodeError)) {
					t.Errorf("got %v and %v, want a DecodeError", err, walkErr)
				}
				return
			}
			if err != nil || walkErr != nil {
				t.Fatal(err, walkErr)
			}
			if page.NextToken != "" || !slices.Equal(idsOf(page.Data), test.want) || !slices.Equal(idsOf(all), test.want) {
				t.Errorf("page %v, walked %v, want %v", page, idsOf(all), test.want)
			}
		})
	}
}

func idsOf(policies []m3teraccess.PermissionPolicy) []string {
	ids := []string{}
	for _, policy := range policies {
		ids = append(ids, policy.ID)
	}
	return ids
}

// pages makes a client for a server that has a page for each page token: its ids and the next page token, as "a,b>t".
// Each request must have the page size. asked lists the page tokens of the requests so far.
func pages(t *testing.T, pageSize string, byToken map[string]string) (client *m3teraccess.Client, asked *[]string) {
	t.Helper()
	asked = new([]string) // a loop fetches one page at a time
	base := viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		token := query.Get("nextToken")
		if query.Get("pageSize") != pageSize || query.Has("pageSize") != (pageSize != "") || query.Has("nextToken") != (token != "") {
			t.Errorf("sent the query %q", r.URL.RawQuery)
		}
		if *asked = append(*asked, token); len(*asked) > 20 { // otherwise a client that follows repeated page tokens would never stop
			valid(404, `{}`).ServeHTTP(w, r)
			return
		}
		ids, next, _ := strings.Cut(byToken[token], ">")
		data := []m3teraccess.PermissionPolicy{}
		for id := range strings.FieldsFuncSeq(ids, func(r rune) bool { return r == ',' }) {
			data = append(data, m3teraccess.PermissionPolicy{ID: id})
		}
		valid(200, toJSON(m3teraccess.PermissionPolicyPage{Data: data, NextToken: next})).ServeHTTP(w, r)
	})}
	return newLocalClient(t, base), asked
}

func TestAllPagesAreRead(t *testing.T) {
	for _, test := range []struct {
		name       string
		from       string
		byToken    map[string]string
		ids, asked []string
		err        error
	}{
		{"one page", "", map[string]string{"": "a,b"}, []string{"a", "b"}, []string{""}, nil},
		{"three pages", "", map[string]string{"": "a>1", "1": "b>2", "2": "c"}, []string{"a", "b", "c"}, []string{"", "1", "2"}, nil},
		{"empty pages between", "", map[string]string{"": ">1", "1": ">2", "2": "c>3", "3": ">4", "4": ""}, []string{"c"}, []string{"", "1", "2", "3", "4"}, nil},
		{"from a token on", "2", map[string]string{"2": "c>3", "3": "d"}, []string{"c", "d"}, []string{"2", "3"}, nil},
		{"the same policy twice", "", map[string]string{"": "a>1", "1": "a"}, []string{"a", "a"}, []string{"", "1"}, nil},
		{"a token of any characters", "", map[string]string{"": "a>x&y=%é +/", "x&y=%é +/": "b"}, []string{"a", "b"}, []string{"", "x&y=%é +/"}, nil},
		{"a token that names its own page", "", map[string]string{"": "a>1", "1": "b>1"}, []string{"a", "b"}, []string{"", "1"}, m3teraccess.ErrRepeatedToken},
		{"the first token", "1", map[string]string{"1": "a>1"}, []string{"a"}, []string{"1"}, m3teraccess.ErrRepeatedToken},
		{"the first token, later", "1", map[string]string{"1": "a>2", "2": "b>1"}, []string{"a", "b"}, []string{"1", "2"}, m3teraccess.ErrRepeatedToken},
		{"A, B, A", "", map[string]string{"": "a>A", "A": "b>B", "B": "c>A"}, []string{"a", "b", "c"}, []string{"", "A", "B"}, m3teraccess.ErrRepeatedToken},
		{"the same token without end, pages empty", "", map[string]string{"": ">A", "A": ">A"}, []string{}, []string{"", "A"}, m3teraccess.ErrRepeatedToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, asked := pages(t, "7", test.byToken)
			query := url.Values{"pageSize": {"7"}}
			if test.from != "" {
				query.Set("nextToken", test.from)
			}
			given := maps.Clone(query)
			for _, policies := range []iter.Seq2[m3teraccess.PermissionPolicy, error]{
				client.UserPermissions(t.Context(), "u", m3teraccess.PageParams{PageSize: 7, NextToken: test.from}),
				m3teraccess.List[m3teraccess.PermissionPolicy](t.Context(), client, query, "users", "u", "permissions"),
			} {
				*asked = nil
				all, err := collect(policies)
				if !errors.Is(err, test.err) || !slices.Equal(idsOf(all), test.ids) {
					t.Errorf("got %v, %v, want %v, %v", idsOf(all), err, test.ids, test.err)
				}
				if !slices.Equal(*asked, test.asked) {
					t.Errorf("asked for %q, want %q", *asked, test.asked)
				}
			}
			if !reflect.DeepEqual(query, given) {
				t.Errorf("the caller's query became %v", query)
			}
		})
	}
}

// Only a loop fetches pages, and only the pages that it reaches. Each loop over the same result starts from the
// beginning: the page tokens of the first loop are not repeated page tokens in the second one.
func TestLoopsFetchPages(t *testing.T) {
	client, asked := pages(t, "", map[string]string{"": "a,b>1", "1": "c"})
	policies := client.UserPermissions(t.Context(), "u")
	if len(*asked) > 0 {
		t.Errorf("asked for %q before the loop", *asked)
	}
	for policy, err := range policies {
		if err != nil {
			t.Fatal(err)
		}
		if policy.ID == "b" {
			break
		}
	}
	if !slices.Equal(*asked, []string{""}) {
		t.Errorf("asked for %q", *asked)
	}
	for range 2 {
		if all, err := collect(policies); err != nil || !slices.Equal(idsOf(all), []string{"a", "b", "c"}) {
			t.Errorf("got %v, %v", idsOf(all), err)
		}
	}
	if !slices.Equal(*asked, []string{"", "", "1", "", "1"}) {
		t.Errorf("asked for %q", *asked)
	}
}

// An error between pages is the last value of the loop, after the policies of the pages before.
func TestErrorBetweenPages(t *testing.T) {
	server := newServer(t, valid(200, `{"data":[{"id":"a"}],"nextToken":"1"}`), valid(404, `{"message":"gone"}`))
	var ids []string
	var errs []error
	for policy, err := range server.client(t).UserPermissions(t.Context(), "u") {
		ids, errs = append(ids, policy.ID), append(errs, err)
	}
	if !slices.Equal(ids, []string{"a", ""}) || errs[0] != nil || !errors.Is(errs[1], m3teraccess.ErrNotFound) {
		t.Errorf("got %q, %v", ids, errs)
	}
}

// A context that is canceled between pages ends the loop.
func TestContextEndsBetweenPages(t *testing.T) {
	client, asked := pages(t, "", map[string]string{"": "a>1", "1": "b"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range client.UserPermissions(ctx, "u") {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) || len(*asked) != 1 {
		t.Errorf("got %v after the pages %q", last, *asked)
	}
}

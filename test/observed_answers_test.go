package test

import (
	"errors"
	"math"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The rows about responses.
var answerSituations = []situation{
	{"permissions that span several pages", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		grantThree(fake)
		var policies []gen.PermissionPolicy
		params := gen.UserPermissionsParams{PageSize: 1}
		for more := true; more; more = params.NextToken != "" {
			page := plainPage(t, plain, params)
			policies = append(policies, page.Data...)
			params.NextToken = page.NextToken
		}
		checkThree(t, policies)
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		grantThree(fake)
		policies, err := collect(client.UserPermissions(t.Context(), "user-1", m3teraccess.PageParams{PageSize: 1}))
		if err != nil {
			t.Error(err)
		}
		checkThree(t, policies)
	})},

	{"an empty page with a page token, and a repeated page token", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		fake.Inject(emptyPage)
		for _, token := range []string{"", "again"} {
			page := plainPage(t, plain, gen.UserPermissionsParams{PageSize: 1, NextToken: token})
			if len(page.Data) != 0 || page.NextToken != "again" {
				t.Errorf("%+v", page)
			}
		}
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		fake.Inject(emptyPage)
		pages := 0
		for _, err := range client.UserPermissions(t.Context(), "user-1") {
			if pages++; !errors.Is(err, m3teraccess.ErrRepeatedToken) {
				t.Errorf("%v", err)
			}
		}
		if sent := len(operations(fake.Requests())); pages != 1 || sent != 2 {
			t.Errorf("%d results of %d requests", pages, sent)
		}
	})},

	{"a 200 with HTML, an empty body or truncated JSON", func(t *testing.T) {
		for _, answer := range unreadableAnswers {
			resp, err := plainAt(t, newServer(t, answer)).create(t.Context())
			if answer.header != nil {
				if checkStatus(t, resp, err, 200); err == nil && resp.JSON200 != nil {
					t.Errorf("%q: read as %+v", answer.body, resp.JSON200)
				}
			} else if resp != nil || err == nil || regexp.MustCompile("200|policies").MatchString(err.Error()) {
				t.Errorf("%q: %+v, %v", answer.body, resp, err)
			}
		}
	}, func(t *testing.T) {
		for _, answer := range unreadableAnswers {
			checkUnreadable(t, answer)
		}
	}},

	{"a 200 whose body is null", func(t *testing.T) {
		resp, err := plainAt(t, newServer(t, invalid(200, "null"))).create(t.Context())
		if err != nil || resp.JSON200 == nil || !reflect.ValueOf(*resp.JSON200).IsZero() {
			t.Errorf("%+v, %v", resp, err)
		}
	}, func(t *testing.T) { checkUnreadable(t, invalid(200, "null")) }},

	{"an endless response with status 200 or 400", func(t *testing.T) {
		const size = 11 << 20 // more than WithMaxResponseBytes allows by default
		for _, status := range []int{200, 400} {
			resp, err := plainAt(t, newServer(t, longAnswer(status, size))).create(t.Context())
			if checkStatus(t, resp, err, status); err == nil && len(resp.Body) < size {
				t.Errorf("%d: %d bytes were read", status, len(resp.Body))
			}
		}
	}, func(t *testing.T) {
		for _, status := range []int{200, 400} {
			client := newServer(t, longAnswer(status, math.MaxInt)).client(t, defaultRetry)
			allocated, err := allocatedBy(func() error { return create(t, client) })
			if err == nil || allocated > 100<<20 {
				t.Errorf("%d: %d MiB allocated: %v", status, allocated>>20, err)
			}
		}
	}},
}

var (
	emptyPage = m3tertest.Fault{Operation: "UserPermissions", Status: 200, Body: `{"data":[],"nextToken":"again"}`}

	unreadableAnswers = []answer{
		invalid(200, "<html>"),
		{status: 200, header: map[string]string{"Content-Type": "text/html"}, body: "<html>", isInvalid: true},
		invalid(200, ""),
		invalid(200, " "),
		invalid(200, `{"id":"1`),
	}
)

func grantThree(fake *m3tertest.Server) {
	for _, id := range []string{"first", "second", "third"} {
		fake.GrantPolicy(fake.AddPermissionPolicy(gen.PermissionPolicy{ID: id}).ID, "user-1")
	}
}

func checkThree(t *testing.T, policies []gen.PermissionPolicy) {
	t.Helper()
	if got := idsOf(policies); !slices.Equal(got, []string{"third", "second", "first"}) {
		t.Errorf("got %q", got)
	}
}

// plainAt makes a generated client for a server.
func plainAt(t *testing.T, s *server) plainClient {
	return newPlainClient(t, newTransport(t), s.URL, "org", staticToken)
}

func plainPage(t *testing.T, plain plainClient, params gen.UserPermissionsParams) gen.PermissionPolicyPage {
	t.Helper()
	resp, err := plain.read(t.Context(), &params)
	if err != nil || resp.JSON200 == nil {
		t.Fatalf("%+v, %v", resp, err)
	}
	return *resp.JSON200
}

// checkUnreadable fails unless this client returns a DecodeError that names the status and the path.
func checkUnreadable(t *testing.T, a answer) {
	t.Helper()
	err := create(t, newServer(t, a).client(t, defaultRetry))
	var unreadable *m3teraccess.DecodeError
	if !errors.As(err, &unreadable) || unreadable.StatusCode != 200 || !strings.Contains(err.Error(), "/permissionpolicies") {
		t.Errorf("%q: %v", a.body, err)
	}
}

// longAnswer returns a JSON response with size spaces in its body.
func longAnswer(status, size int) answer {
	long := invalid(status, `{"id":"p","message":"no"`)
	long.then = func(w http.ResponseWriter) {
		pad(w, size)
		_, _ = w.Write([]byte("}"))
	}
	return long
}

package test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// Every path argument of every method. Each method gets the id in place of one argument, the others are "o", "p", "u",
// "t" and "g".
var pathArguments = []struct {
	name   string
	field  string   // what the error calls it
	path   []string // the segments, with "" in the place of the id
	answer string
	do     func(ctx context.Context, c *m3teraccess.Client, id string) error
}{
	{"RequestSupport, organization", "organization id", []string{"organizations", "", "support"}, `{"id":"s"}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return either(c.Organization(id).RequestSupport(ctx, supportRequest(0)))
		}},
	{"CreatePermissionPolicy, organization", "organization id", []string{"organizations", "", "permissionpolicies"}, `{"id":"s"}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return either(c.Organization(id).CreatePermissionPolicy(ctx, policyRequest()))
		}},
	{"AddPermissionPolicyToUser, organization", "organization id", []string{"organizations", "", "permissionpolicies", "p", "addtouser"}, `{"id":"s"}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return addToUser(ctx, c.Organization(id), "p")
		}},
	{"AddPermissionPolicyToUser, policy", "policyID", []string{"organizations", "o", "permissionpolicies", "", "addtouser"}, `{"id":"s"}`, addToUser},
	{"UserPermissions, organization", "organization id", []string{"organizations", "", "users", "u", "permissions"}, `{"data":[]}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return walk(ctx, c.Organization(id), "u")
		}},
	{"UserPermissions, user", "userID", []string{"organizations", "o", "users", "", "permissions"}, `{"data":[]}`, walk},
	{"UserPermissionsPage, organization", "organization id", []string{"organizations", "", "users", "u", "permissions"}, `{"data":[]}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return either(c.Organization(id).UserPermissionsPage(ctx, "u", m3teraccess.PageParams{}))
		}},
	{"UserPermissionsPage, user", "userID", []string{"organizations", "o", "users", "", "permissions"}, `{"data":[]}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return either(c.UserPermissionsPage(ctx, id, m3teraccess.PageParams{}))
		}},
	{"RemoveResource, organization", "organization id", []string{"organizations", "", "resourcegroups", "t", "g", "removeresource"}, `{"id":"s"}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return removeResource(ctx, c.Organization(id), "t", "g")
		}},
	{"RemoveResource, type", "resourceType", []string{"organizations", "o", "resourcegroups", "", "g", "removeresource"}, `{"id":"s"}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return removeResource(ctx, c, id, "g")
		}},
	{"RemoveResource, group", "groupID", []string{"organizations", "o", "resourcegroups", "t", "", "removeresource"}, `{"id":"s"}`,
		func(ctx context.Context, c *m3teraccess.Client, id string) error {
			return removeResource(ctx, c, "t", id)
		}},
}

func addToUser(ctx context.Context, c *m3teraccess.Client, id string) error {
	return either(c.AddPermissionPolicyToUser(ctx, id, m3teraccess.PrincipalPermissionRequest{PrincipalID: "x"}))
}

func walk(ctx context.Context, c *m3teraccess.Client, id string) error {
	_, err := collect(c.UserPermissions(ctx, id))
	return err
}

func removeResource(ctx context.Context, c *m3teraccess.Client, resourceType, id string) error {
	return either(c.RemoveResource(ctx, resourceType, id, m3teraccess.ResourceGroupItemRequest{TargetID: "x", TargetType: "item"}))
}

func TestIDsThatWouldReachElsewhereAreRefused(t *testing.T) {
	hostile := []string{"", ".", "..", "a/b", "/", "../x", `a\b`, `..\x`, "a\nb", "a\r\nb", "\x00", "a\x7f", "a\u0085b"}
	for _, argument := range pathArguments {
		t.Run(argument.name, func(t *testing.T) {
			service := newService(t, breaks(500, `null`))
			client := service.client(t, m3teraccess.WithOrganization("o"))
			for _, id := range hostile {
				if err := argument.do(t.Context(), client, id); !isValidationOf(err, argument.field) {
					t.Errorf("%q: got %v, want a ValidationError of %s", id, err, argument.field)
				} else if strings.ContainsAny(err.Error(), "\n\r\x00\x7f\u0085") {
					t.Errorf("%q: control characters in %q", id, err)
				}
			}
			if n := len(service.requests()); n > 0 {
				t.Errorf("sent %d requests", n)
			}
		})
	}
}

func TestOddIDsStayOneSegment(t *testing.T) {
	odd := []string{
		"?", "#", "%2e%2e", "%2F", "a b", " ", "é", "a;b", "a:b", "%", "%zz", "a&b=c", "a+b", "...", "~", "*", "a,b", "@",
		"06f6b50c-a868-4ca6-XXXX-448e507d5248", "a?b#c", "{id}", `"<>|^`, "\u2028", "\xff", "http:x", strings.Repeat("x", 1000),
	}
	for _, argument := range pathArguments {
		t.Run(argument.name, func(t *testing.T) {
			service := newService(t, keeps(200, argument.answer))
			client := service.client(t, m3teraccess.WithOrganization("o"))
			for i, id := range odd {
				if err := argument.do(t.Context(), client, id); err != nil {
					t.Fatalf("%q: %v", id, err)
				}
				want := slices.Clone(argument.path)
				want[slices.Index(want, "")] = id
				received := service.requests()
				if len(received) != i+1 {
					t.Fatalf("%q: %d requests", id, len(received)-i)
				}
				checkSegments(t, received[i], want)
			}
		})
	}
}

// checkSegments looks at the target of a request as it stood on its first line.
func checkSegments(t *testing.T, received *http.Request, want []string) {
	t.Helper()
	rest, ok := strings.CutPrefix(received.RequestURI, "/")
	if !ok || strings.ContainsAny(rest, "?# ") {
		t.Errorf("%q is not a path alone", received.RequestURI)
	}
	var got []string
	for segment := range strings.SplitSeq(rest, "/") {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			t.Errorf("%q: %v", received.RequestURI, err)
		}
		got = append(got, decoded)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q has the segments %q, want %q", received.RequestURI, got, want)
	}
}

// The organization of the options is held to the same.
func TestOrganizationOfTheOptions(t *testing.T) {
	for _, id := range []string{"", ".", "..", "a/b", `a\b`, "a\nb"} {
		_, err := m3teraccess.NewClient(m3teraccess.WithCredentials("k", "s"), m3teraccess.WithOrganization(id))
		if err == nil {
			t.Errorf("%q: no error", id)
		}
	}
	service := newService(t, keeps(200, `{"id":"p"}`))
	client := service.client(t, m3teraccess.WithOrganization("a b%2f?"))
	if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil {
		t.Fatal(err)
	}
	checkSegments(t, service.requests()[0], []string{"organizations", "a b%2f?", "permissionpolicies"})
}

// A base URL with a path of its own keeps it.
func TestBaseURLWithAPath(t *testing.T) {
	for _, path := range []string{"/m3ter", "/m3ter/", "/a/b"} {
		service := newService(t, answer{status: 200, body: `{"id":"p"}`})
		client, err := m3teraccess.NewClient(localOptions(m3teraccess.WithBaseURL(service.URL + path))...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); err != nil {
			t.Fatal(err)
		}
		if got, want := service.requests()[0].RequestURI, strings.TrimSuffix(path, "/")+"/organizations/org/permissionpolicies"; got != want {
			t.Errorf("%s: sent to %s, want %s", path, got, want)
		}
	}
}

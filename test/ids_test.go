package test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// forEachID runs a test for each path argument of each method. do calls the method with an id as the argument, and segments
// returns the segments of the path of this call.
func forEachID(t *testing.T, test func(t *testing.T, call call, field string, do func(context.Context, *m3teraccess.Client, string) error, segments func(id string) []string)) {
	for _, call := range calls {
		for i, argument := range call.Arguments() {
			values := func(id string) []string {
				values := call.Examples()
				values[i] = id
				return values
			}
			do := func(ctx context.Context, client *m3teraccess.Client, id string) error {
				values := values(id)
				_, err := call.With(values[1:]...).Do(ctx, client.Organization(values[0]))
				return err
			}
			segments := func(id string) []string {
				segments, values := strings.Split(call.Path, "/")[1:], values(id)
				for i, segment := range segments {
					if strings.HasPrefix(segment, "{") {
						segments[i], values = values[0], values[1:]
					}
				}
				return segments
			}
			t.Run(fmt.Sprintf("%s, %s", call.name, argument.Field), func(t *testing.T) { test(t, call, argument.Field, do, segments) })
		}
	}
}

func TestIDsThatWouldReachElsewhereAreRefused(t *testing.T) {
	hostile := []string{"", ".", "..", "a/b", "/", "../x", `a\b`, `..\x`, "a\nb", "a\r\nb", "\x00", "a\x7f", "a\u0085b"}
	forEachID(t, func(t *testing.T, _ call, field string, do func(context.Context, *m3teraccess.Client, string) error, _ func(string) []string) {
		service := newService(t, breaks(500, `null`))
		client := service.client(t)
		for _, id := range hostile {
			if err := do(t.Context(), client, id); !isValidationOf(err, field) {
				t.Errorf("%q: got %v, want a ValidationError of %s", id, err, field)
			} else if strings.ContainsAny(err.Error(), "\n\r\x00\x7f\u0085") {
				t.Errorf("%q: control characters in %q", id, err)
			}
		}
		if n := len(service.requests()); n > 0 {
			t.Errorf("sent %d requests", n)
		}
	})
}

func TestOddIDsStayOneSegment(t *testing.T) {
	odd := []string{
		"?", "#", "%2e%2e", "%2F", "a b", " ", "é", "a;b", "a:b", "%", "%zz", "a&b=c", "a+b", "...", "~", "*", "a,b", "@",
		"06f6b50c-a868-4ca6-XXXX-448e507d5248", "a?b#c", "{id}", `"<>|^`, "\u2028", "\xff", "http:x", strings.Repeat("x", 1000),
	}
	forEachID(t, func(t *testing.T, call call, _ string, do func(context.Context, *m3teraccess.Client, string) error, segments func(string) []string) {
		service := newService(t, keeps(200, call.good))
		client := service.client(t)
		for i, id := range odd {
			err := do(t.Context(), client, id)
			received := service.requests()
			if err != nil || len(received) != i+1 {
				t.Fatalf("%q: %v after %d requests", id, err, len(received)-i)
			}
			checkSegments(t, received[i], segments(id))
		}
	})
}

// checkSegments looks at the target on the first line of a request.
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

// A base URL keeps its own path.
func TestBaseURLWithAPath(t *testing.T) {
	for _, path := range []string{"/m3ter", "/m3ter/", "/a/b"} {
		service := newService(t, answer{status: 200, body: `{"id":"p"}`})
		client, err := m3teraccess.NewClient(localOptions(m3teraccess.WithBaseURL(service.URL + path))...)
		if err != nil {
			t.Fatal(err)
		}
		if err := create(t, client); err != nil {
			t.Fatal(err)
		}
		if got, want := service.requests()[0].RequestURI, strings.TrimSuffix(path, "/")+"/organizations/org/permissionpolicies"; got != want {
			t.Errorf("%s: sent to %s, want %s", path, got, want)
		}
	}
}

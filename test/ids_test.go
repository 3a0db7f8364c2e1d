package test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A calledID is a call with an id in one of its path arguments.
type calledID struct {
	call     call
	field    string   // of the id
	values   []string // of all path arguments
	err      error
	received []*http.Request
}

// eachID calls each method once for each id and each path argument.
func eachID(t *testing.T, ids []string, test func(calledID)) {
	for _, call := range calls {
		for i, argument := range call.Arguments() {
			server := newServer(t, valid(200, call.good))
			client := server.client(t)
			for _, id := range ids {
				values := call.Examples()
				values[i] = id
				before := len(server.requests())
				_, err := call.With(values[1:]...).Do(t.Context(), client.Organization(values[0]))
				test(calledID{call, argument.Field, values, err, server.requests()[before:]})
			}
		}
	}
}

func TestInvalidIDsAreRefused(t *testing.T) {
	hostile := []string{"", ".", "..", "a/b", "/", "../x", `a\b`, `..\x`, "a\nb", "a\r\nb", "\x00", "a\x7f", "a\u0085b"}
	eachID(t, hostile, func(c calledID) {
		var invalid *m3teraccess.ValidationError
		if !errors.As(c.err, &invalid) || invalid.Field != c.field || strings.ContainsAny(c.err.Error(), "\n\r\x00\x7f\u0085") || len(c.received) > 0 {
			t.Errorf("%s of %q: got %q after %d requests, want a printable ValidationError of %s",
				c.call.name, c.values, c.err, len(c.received), c.field)
		}
	})
}

func TestOddIDsStayOneSegment(t *testing.T) {
	odd := []string{
		"?", "#", "%2e%2e", "%2F", "a b", " ", "é", "a;b", "..;", "a:b", "%", "%zz", "a&b=c", "a+b", "...", "~", "*", "a,b", "@",
		"06f6b50c-a868-4ca6-XXXX-448e507d5248", "a?b#c", "{id}", `"<>|^`, "\u2028", "\xff", "http:x", strings.Repeat("x", 1000),
	}
	eachID(t, odd, func(c calledID) {
		if c.err != nil || len(c.received) != 1 {
			t.Fatalf("%s of %q: %v after %d requests", c.call.name, c.values, c.err, len(c.received))
		}
		checkSegments(t, c.received[0], strings.Split(cases.Fill(c.call.Path, c.values...), "/")[1:])
	})
}

// checkSegments compares the segments of a request URI.
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

package test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// Each text in the table of docs/errors.md is part of a real error.
func TestErrorTextsOfTheDocs(t *testing.T) {
	table, _, _ := strings.Cut(readText(t, "../docs/errors.md"), "\n## ")
	said := commonErrors(t)
	listed := 0
	for row := range strings.Lines(table) {
		if !strings.HasPrefix(row, "| `") {
			continue
		}
		texts, _, _ := strings.Cut(row[1:], "|")
		for _, text := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(texts, -1) {
			listed++
			if !strings.Contains(said, text[1]) {
				t.Errorf("docs/errors.md quotes %q, but no error contains it: update the row to the new text, one of\n%s", text[1], said)
			}
		}
	}
	if listed < 15 {
		t.Errorf("docs/errors.md lists %d texts, want at least 15", listed)
	}
}

// A failingLimiter grants one request. After that, it returns an error, like a limiter whose next turn comes after the
// deadline.
type failingLimiter struct{ waited bool }

func (l *failingLimiter) Wait(context.Context) error {
	if !l.waited {
		l.waited = true
		return nil
	}
	return context.DeadlineExceeded
}

// commonErrors causes the errors of the table, and returns their texts, one per line.
func commonErrors(t *testing.T) string {
	setEnvironment(t, nil)
	_, unset := m3teraccess.NewClient()
	errs := []error{unset}

	fake := m3tertest.NewServer()
	t.Cleanup(fake.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	read := func(opts ...m3teraccess.Option) {
		// The contract can't compare the traffic of this client: the client reads one response only in part.
		opts = append(opts, m3teraccess.WithHTTPClient(&http.Client{Transport: newTransport(t)}))
		client := clientOf(t, fake, nil, opts...)
		errs = append(errs, either(client.UserPermissionsPage(ctx, "nobody", m3teraccess.PageParams{})))
	}
	read()
	read(m3teraccess.WithCredentials(fake.APIKey, "another"))
	read(m3teraccess.WithOrganization("another"))
	read(m3teraccess.WithBaseURL("http://127.0.0.1:1"))

	patient := m3teraccess.WithRetry(m3teraccess.RetryPolicy{MinBackoff: time.Hour, MaxBackoff: time.Hour})
	quick := m3teraccess.WithRetry(m3teraccess.RetryPolicy{MinBackoff: 1, MaxBackoff: 1})
	client := clientOf(t, fake, newTransport(t))
	for _, test := range []struct {
		fault m3tertest.Fault
		opts  []m3teraccess.Option
	}{
		{m3tertest.Fault{Status: 400, Body: `{"message":"no"}`}, nil},
		{m3tertest.Fault{Status: 429}, nil},
		{m3tertest.Fault{Status: 429, Header: http.Header{"Retry-After": {"120"}}}, nil},
		{m3tertest.Fault{Status: 502}, []m3teraccess.Option{patient}},
		{m3tertest.Fault{Status: 503}, []m3teraccess.Option{quick, m3teraccess.WithLimiter(new(failingLimiter))}},
		{m3tertest.Fault{Status: 200, Body: "<html>"}, nil},
		{m3tertest.Fault{Status: 200, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}}, nil},
		{m3tertest.Fault{Status: 200, Body: strings.Repeat("x", 2000)}, []m3teraccess.Option{m3teraccess.WithMaxResponseBytes(1000)}},
		{m3tertest.Fault{Delay: time.Hour}, []m3teraccess.Option{m3teraccess.WithTimeout(time.Millisecond)}},
	} {
		test.fault.Operation = "UserPermissions"
		fake.Inject(test.fault)
		read(test.opts...)
		fake.ClearFaults()
	}
	fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Break: m3tertest.DropAnswer})
	errs = append(errs, either(client.CreatePermissionPolicy(ctx, policyRequest())))

	upper := policyRequest()
	upper.PermissionPolicy[0].Effect = "ALLOW"
	errs = append(errs, either(client.CreatePermissionPolicy(ctx, upper)), either(client.RequestSupport(ctx, supportRequest(7))))
	_, elsewhere := client.Do(newRequest(t, http.MethodGet, "https://elsewhere.test/"))
	return errors.Join(append(errs, elsewhere)...).Error()
}

package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A response that can't be decoded or encoded affects only its user.
func TestUserWithInvalidResponse(t *testing.T) {
	for name, policy := range map[string]string{
		"offset of a day": `{"id":"p","dtCreated":"2026-01-01T00:00:00+24:00"}`,
		"no date":         `{"id":"p","dtCreated":"yesterday"}`,
		"no id":           `{"name":"p"}`,
	} {
		t.Run(name, func(t *testing.T) {
			fake := exampletest.NewFake(t)
			input := addUsers(fake, 4)
			fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
				return m3tertest.Fault{Status: http.StatusOK, Body: `{"data":[` + policy + `]}`}, strings.Contains(r.Path, "user-1/")
			})
			p := start(t, fake, input, "-parallel", "1")
			p.End()
			p.Check(1, "audit: users done: 3, failed: 1\n")
			if got, want := users(t, p.Out.String()), map[string]int{"user-0": 1, "user-2": 1, "user-3": 1}; !maps.Equal(got, want) {
				t.Errorf("stdout has the users %v, want %v", got, want)
			}
			if !strings.Contains(p.Err.String(), `audit: line 2: user "user-1": `) {
				t.Errorf("stderr\n%s", p.Err)
			}
		})
	}
}

// An error of one user leads to a message. An error that every other user would get too ends the audit.
func TestReport(t *testing.T) {
	unencodable := []m3teraccess.PermissionPolicy{{ID: "p", CreatedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}
	for name, tt := range map[string]struct {
		result result
		output io.Writer
		ends   bool
		failed int
	}{
		"unencodable":        {result{user: user{line: 1, id: "u"}, policies: unencodable}, io.Discard, false, 1},
		"an error of a call": {result{user: user{line: 1, id: "u", err: errors.New("no")}}, io.Discard, false, 1},
		"a slow user":        {result{user: user{line: 1, id: "u", err: context.DeadlineExceeded}}, io.Discard, false, 1},
		"no token":           {result{user: user{line: 1, id: "u", err: new(m3teraccess.AuthError)}}, io.Discard, true, 0},
		"no output":          {result{user: user{line: 1, id: "u"}}, writerFunc(func([]byte) (int, error) { return 0, io.ErrShortWrite }), true, 0},
	} {
		var messages strings.Builder
		a := &audit{display: &display{output: tt.output, messages: &messages}}
		err := a.report(tt.result)
		if (err != nil) != tt.ends || a.failed != tt.failed || strings.Count(messages.String(), "\n") != tt.failed {
			t.Errorf("%s: error %v, %d failed, messages\n%s", name, err, a.failed, &messages)
		}
	}
}

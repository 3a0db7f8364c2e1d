package m3teraccess

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// logLines returns the log of a call at a level and above: "LEVEL message" and the attributes of each line, and the
// text.
func logLines(t *testing.T, level slog.Level, s *script, m method) (heads []string, lines []map[string]any, text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))
		_ = m.call(t.Context(), newScripted(t, s, WithLogger(logger)))
		text = out.String()
	})
	for line := range strings.Lines(text) {
		var attrs map[string]any
		if err := json.Unmarshal([]byte(line), &attrs); err != nil {
			t.Fatal(err)
		}
		heads = append(heads, fmt.Sprint(attrs["level"], " ", attrs["msg"]))
		lines = append(lines, attrs)
	}
	return heads, lines, text
}

func TestLogLines(t *testing.T) {
	s := &script{steps: []step{answers(429, `{"message":"too fast"}`, "X-Request-Id: req-1"), answers(503, `{}`)}}
	heads, lines, text := logLines(t, slog.LevelDebug, s, requestSupport)
	want := []string{
		"INFO m3ter access token fetched",
		"DEBUG m3ter attempt", "INFO retrying m3ter call",
		"DEBUG m3ter attempt", "WARN m3ter call failed, giving up",
	}
	if !slices.Equal(heads, want) {
		t.Fatalf("lines:\n%s", strings.Join(heads, "\n"))
	}
	for key, want := range map[string]any{
		"operation": "RequestSupport", "method": "PUT", "path": "/organizations/{orgId}/support",
		"attempt": 1.0, "status": 429.0, "request_id": "req-1", "duration": 0.0,
	} {
		if lines[1][key] != want {
			t.Errorf("the attempt's %s is %v, want %v", key, lines[1][key], want)
		}
	}
	if lines[2]["duration"] != 0.0 || lines[2]["status"] != 429.0 || lines[4]["attempt"] != 2.0 || lines[4]["status"] != 503.0 {
		t.Errorf("lines: %v", lines)
	}
	for _, hidden := range []string{"Bearer", "token-1", "the-secret", "too fast", "2026-03-"} {
		if strings.Contains(text, hidden) {
			t.Errorf("the log shows %q:\n%s", hidden, text)
		}
	}
}

// A warning reports that the client gives up. Neither a success nor a 404 causes a warning.
func TestLogWarnsOnlyOfWhatIsGivenUp(t *testing.T) {
	for _, status := range []int{200, 302, 400, 404, 409} {
		s := &script{steps: []step{answers(status, `{"id":"1"}`)}}
		if heads, _, _ := logLines(t, slog.LevelWarn, s, createPolicy); len(heads) != 0 {
			t.Errorf("%d: %q", status, heads)
		}
	}
}

// The log hides secrets that the transport or the server repeats. Neither can forge a line.
func TestLogShowsNoEcho(t *testing.T) {
	echo := errors.New("sent Authorization: Bearer token-1\nlevel=INFO msg=forged the-secret")
	refusal := answers(401, `{"error":"the-secret","error_description":"key:the-secret is wrong"}`)
	for says, s := range map[string]*script{leftOut: {steps: []step{foreign(echo)}}, "could not be obtained": {token: refusal}} {
		_, _, text := logLines(t, slog.LevelDebug, s, requestSupport)
		if strings.Contains(text, "token-1") || strings.Contains(text, "the-secret") || !strings.Contains(text, says) {
			t.Errorf("%s", text)
		}
	}
}

package m3teraccess

import (
	"bytes"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

// logOf returns the log of a call at a level and above, without the times.
func logOf(t *testing.T, level slog.Level, s *script, m method) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))
		_ = m.call(t.Context(), newScripted(t, s, WithLogger(logger)))
	})
	return regexp.MustCompile(`time=\S+ `).ReplaceAllString(out.String(), "")
}

func TestLogLines(t *testing.T) {
	s := &script{steps: []step{answers(429, `{"message":"too fast"}`, "X-Request-Id: req-1"), answers(503, `{}`)}}
	got := logOf(t, slog.LevelDebug, s, requestSupport)
	const call = "operation=RequestSupport method=PUT path=/organizations/{orgId}/support"
	const want = `level=INFO msg="m3ter access token obtained" duration=0s
level=DEBUG msg="m3ter attempt" ` + call + ` attempt=1 duration=0s status=429 request_id=req-1
level=INFO msg="retrying m3ter call" ` + call + ` attempt=1 duration=0s status=429 request_id=req-1 wait=1s
level=DEBUG msg="m3ter attempt" ` + call + ` attempt=2 duration=0s status=503
level=WARN msg="m3ter call failed, giving up" ` + call + ` attempt=2 duration=0s status=503
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A warning reports that the client gives up. Neither a success nor a 404 causes a warning.
func TestLogWarnsOnlyOfWhatIsGivenUp(t *testing.T) {
	for _, status := range []int{200, 302, 400, 404, 409} {
		s := &script{steps: []step{answers(status, `{"id":"1"}`)}}
		if log := logOf(t, slog.LevelWarn, s, createPolicy); log != "" {
			t.Errorf("%d: %s", status, log)
		}
	}
}

// The log hides secrets that the transport or the server repeats. Neither can forge a line.
func TestLogShowsNoEcho(t *testing.T) {
	echo := errors.New("sent Authorization: Bearer token-1\nlevel=INFO msg=forged the-secret")
	refusal := answers(401, `{"error":"the-secret","error_description":"key:the-secret is wrong"}`)
	for says, s := range map[string]*script{leftOut: {steps: []step{foreign(echo)}}, "could not obtain m3ter access token": {token: refusal}} {
		text := logOf(t, slog.LevelDebug, s, requestSupport)
		if strings.Contains(text, "token-1") || strings.Contains(text, "the-secret") || !strings.Contains(text, says) {
			t.Errorf("%s", text)
		}
	}
}

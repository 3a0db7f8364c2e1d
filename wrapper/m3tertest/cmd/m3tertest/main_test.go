package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stdout, printed := io.Pipe()
	var stderr bytes.Buffer
	finished := make(chan error, 1)
	go func() { finished <- run(ctx, []string{"-addr", "127.0.0.1:0"}, printed, &stderr) }()

	exports := readExports(t, stdout)
	r, err := http.NewRequest(http.MethodPost, exports["M3TER_BASE_URL"]+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(exports["M3TER_API_KEY"], exports["M3TER_API_SECRET"])
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if status := send(t, r); status != http.StatusOK {
		t.Errorf("token: status %d", status)
	}
	r, err = http.NewRequest(http.MethodGet, exports["M3TER_BASE_URL"]+"/organizations/"+exports["M3TER_ORG_ID"]+"/support?q=quiet", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer quiet")
	if status := send(t, r); status != http.StatusForbidden {
		t.Errorf("without a token: status %d", status)
	}

	stop()
	if err := <-finished; err != nil {
		t.Error(err)
	}
	log := stderr.String()
	if strings.Count(log, "\n") != 2 ||
		!strings.Contains(log, "method=POST path=/oauth/token status=200 duration=") ||
		!strings.Contains(log, "method=GET path=/organizations/"+organizationID+"/support status=403 duration=") {
		t.Errorf("log:\n%s", log)
	}
	if strings.Contains(log, "quiet") || strings.Contains(log, apiSecret) {
		t.Errorf("the log holds a header or a query:\n%s", log)
	}
}

// readExports reads what run prints, until the last line of it.
func readExports(t *testing.T, stdout io.Reader) map[string]string {
	exports := make(map[string]string)
	for text := ""; !strings.Contains(text, "M3TERTEST_ITEM_ID="+itemID+"\n"); {
		chunk := make([]byte, 1024)
		n, err := stdout.Read(chunk)
		if err != nil {
			t.Fatal(err)
		}
		text += string(chunk[:n])
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimPrefix(line, "export "), "=")
			exports[name] = strings.TrimSpace(value)
		}
	}
	return exports
}

func send(t *testing.T, r *http.Request) (status int) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestRunErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for want, args := range map[string][]string{
		"listen tcp 127.0.0.1:": {"-addr", taken.Addr().String()},
		"-nothing":              {"-nothing"},
		`argument "x"`:          {"x"},
		"-addr is empty":        {"-addr", ""},
	} {
		var stdout, stderr bytes.Buffer
		err := run(t.Context(), args, &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want one line with %q", args, err, want)
		}
		status := 2
		if strings.HasPrefix(want, "listen ") {
			status = 1
		}
		if got := exitStatus(err); got != status {
			t.Errorf("%q: exit status %d, want %d", args, got, status)
		}
		if stdout.Len()+stderr.Len() > 0 {
			t.Errorf("%q: printed %q and %q", args, &stdout, &stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), []string{"-h"}, &stdout, &stderr)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(stdout.String(), "-addr address") || stderr.Len() > 0 {
		t.Errorf("error %v, printed %q and %q", err, &stdout, &stderr)
	}
}

func TestSeeded(t *testing.T) {
	fake := seeded()
	if items := fake.ResourceGroupItems(groupType, groupID); len(items) != 1 || items[0].TargetID != itemID {
		t.Errorf("items %+v", items)
	}
	if link := fake.GrantPolicy(policyID, userID); link.Version != 1 {
		t.Errorf("link %+v", link)
	}
	if policies := fake.UserPolicies(userID); len(policies) != 1 || policies[0].ID != policyID {
		t.Errorf("policies %+v", policies)
	}
}

func TestBaseURL(t *testing.T) {
	for want, addr := range map[string]net.Addr{
		"http://127.0.0.1:80": &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80},
		"http://[::1]:80":     &net.TCPAddr{IP: net.IPv6loopback, Port: 80},
		"http://localhost:80": &net.TCPAddr{IP: net.IPv6unspecified, Port: 80},
	} {
		if got := baseURL(addr); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}

func TestLogEscapes(t *testing.T) {
	var log bytes.Buffer
	r := httptest.NewRequest("GET", "/", nil)
	r.Method, r.URL.Path = "A\nB\x1b[0m", "/\x1b\n"
	logged(http.NotFoundHandler(), &log).ServeHTTP(httptest.NewRecorder(), r)
	if got := log.String(); strings.Count(got, "\n") != 1 || strings.Contains(got, "\x1b") || !strings.Contains(got, `\x1b`) {
		t.Errorf("log %q", got)
	}
}

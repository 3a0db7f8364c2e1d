package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// running is a command that serves.
type running struct {
	exports map[string]string
	stderr  bytes.Buffer // complete after stop
	stop    func() error // interrupts the command, and returns its error
}

// start runs the command on a free port, with additional arguments.
func start(t *testing.T, args ...string) *running {
	ctx, interrupt := context.WithCancel(t.Context())
	stdout, printed := io.Pipe()
	fake := &running{exports: make(map[string]string)}
	finished := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), printed, &fake.stderr)
		printed.CloseWithError(err)
		finished <- err
	}()
	t.Cleanup(interrupt)
	fake.stop = func() error {
		interrupt()
		return <-finished
	}
	for lines := bufio.NewScanner(stdout); fake.exports["M3TERTEST_ITEM_ID"] == ""; { // the last line
		if !lines.Scan() {
			t.Fatalf("exported %v, then %v", fake.exports, lines.Err())
		}
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		fake.exports[name] = value
	}
	return fake
}

// The log shows neither a header nor a query.
func TestRun(t *testing.T) {
	fake := start(t)
	e := fake.exports
	if e["M3TER_API_KEY"] != apiKey || e["M3TER_API_SECRET"] != apiSecret || e["M3TER_ORG_ID"] != organizationID {
		t.Errorf("exported %v", e)
	}
	const support = "/organizations/" + organizationID + "/support"
	for _, path := range []string{support, "/oauth/token"} {
		resp, err := http.Get(e["M3TER_BASE_URL"] + path + "?q=quiet")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if err := fake.stop(); err != nil {
		t.Error(err)
	}
	want := `^time=\S+ level=INFO msg=request method=GET path=` + support + ` status=403 duration=\S+\n` +
		`time=\S+ level=INFO msg=request method=GET path=/oauth/token status=405 duration=\S+\n$`
	if log := fake.stderr.String(); !regexp.MustCompile(want).MatchString(log) {
		t.Errorf("log:\n%s", log)
	}
}

// An interrupt ends the delay of a request. The client sends the request body when the request has arrived.
func TestInterruptedLatency(t *testing.T) {
	fake := start(t, "-latency", "1h")
	body, arrived := io.Pipe()
	request := httptest.NewRequest("POST", fake.exports["M3TER_BASE_URL"], body)
	request.RequestURI = "" // for a client
	request.Header.Set("Expect", "100-continue")
	failed := make(chan error, 1)
	go func() {
		_, err := (&http.Transport{ExpectContinueTimeout: time.Hour}).RoundTrip(request)
		failed <- err
	}()
	if _, err := io.WriteString(arrived, "{}"); err != nil {
		t.Fatal(err)
	}
	arrived.Close()
	if err := fake.stop(); err != nil {
		t.Fatal(err) // the request may still be waiting
	}
	if err := <-failed; err == nil {
		t.Error("the request succeeded")
	}
}

func TestRunErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt() // ends run if it accepts the arguments
	for want, args := range map[string][]string{
		"listen tcp 127.0.0.1:": {"-addr", taken.Addr().String()},
		"-nothing":              {"-nothing"},
		`argument "x"`:          {"x"},
		"-addr is empty":        {"-addr", ""},

		"-rate is 0; it must be above zero":            {"-rate", "0"},
		"-rate is -1;":                                 {"-rate", "-1"},
		`"" for flag -rate`:                            {"-rate", ""},
		`"0.5" for flag -rate`:                         {"-rate", "0.5"},
		"-token-lifetime is 0s; it must be above zero": {"-token-lifetime", "0"},
		"-token-lifetime is -1h0m0s;":                  {"-token-lifetime", "-1h"},
		`"" for flag -token-lifetime`:                  {"-token-lifetime="},
		`"90" for flag -token-lifetime`:                {"-token-lifetime", "90"},
		"-latency is 0s; it must be above zero":        {"-latency", "0"},
		"-latency is -1ms;":                            {"-latency", "-1ms", "-token-lifetime", "0"},
		`"" for flag -latency`:                         {"-latency", ""},
		`boolean value "" for -until-end-of-day`:       {"-until-end-of-day="},
		`argument "true"`:                              {"-until-end-of-day", "true"},
	} {
		var stdout, stderr bytes.Buffer
		err := run(interrupted, args, &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want one line with %q", args, err, want)
			continue
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

// The command ends if it can't print the exports or the help.
func TestUnwritableOutput(t *testing.T) {
	full := errors.New("the disk is full")
	disk, stdout := io.Pipe()
	disk.CloseWithError(full)
	for _, args := range [][]string{{"-addr", "127.0.0.1:0"}, {"-h"}} {
		if err := run(t.Context(), args, stdout, io.Discard); !errors.Is(err, full) {
			t.Errorf("%q: error %v", args, err)
		}
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

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	fake := start(t)
	if _, status := fake.token(); status != http.StatusOK {
		t.Errorf("token: status %d", status)
	}
	if status, _ := fake.send("GET", "/support?q=quiet", "quiet", ""); status != http.StatusForbidden {
		t.Errorf("without a token: status %d", status)
	}

	if err := fake.stop(); err != nil {
		t.Error(err)
	}
	log := fake.stderr.String()
	if strings.Count(log, "\n") != 2 ||
		!strings.Contains(log, "method=POST path=/oauth/token status=200 duration=") ||
		!strings.Contains(log, "method=GET path=/organizations/"+organizationID+"/support status=403 duration=") {
		t.Errorf("log:\n%s", log)
	}
	if strings.Contains(log, "quiet") || strings.Contains(log, apiSecret) {
		t.Errorf("the log shows a header or a query:\n%s", log)
	}
}

func TestRunErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt() // otherwise run would serve forever with arguments that it should refuse
	for want, args := range map[string][]string{
		"listen tcp 127.0.0.1:": {"-addr", taken.Addr().String()},
		"-nothing":              {"-nothing"},
		`argument "x"`:          {"x"},
		"-addr is empty":        {"-addr", ""},

		"-rate is 0; it must be above 0":            {"-rate", "0"},
		"-rate is -1;":                              {"-rate", "-1"},
		`"" for flag -rate`:                         {"-rate", ""},
		`"0.5" for flag -rate`:                      {"-rate", "0.5"},
		"-token-lifetime is 0s; it must be above 0": {"-token-lifetime", "0"},
		"-token-lifetime is -1h0m0s;":               {"-token-lifetime", "-1h"},
		`"" for flag -token-lifetime`:               {"-token-lifetime="},
		`"90" for flag -token-lifetime`:             {"-token-lifetime", "90"},
		"-latency is 0s; it must be above 0":        {"-latency", "0"},
		"-latency is -1ms;":                         {"-latency", "-1ms", "-token-lifetime", "0"},
		`"" for flag -latency`:                      {"-latency", ""},
		`boolean value "" for -until-end-of-day`:    {"-until-end-of-day="},
		`argument "true"`:                           {"-until-end-of-day", "true"},
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

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/oauth2/clientcredentials"
)

// running is a command that serves.
type running struct {
	exports map[string]string
	client  *http.Client // gets its access token from the command
	stderr  bytes.Buffer // complete after stop
	stop    func() error // interrupts the command, and returns its error
}

// start runs the command on a free port, with more arguments.
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
	fake.stop = func() error {
		interrupt()
		return <-finished
	}
	t.Cleanup(interrupt)
	for lines := bufio.NewScanner(stdout); fake.exports["M3TERTEST_ITEM_ID"] == ""; { // the last one
		if !lines.Scan() {
			t.Fatalf("exported %v; %v", fake.exports, lines.Err())
		}
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		fake.exports[name] = value
	}
	fake.client = (&clientcredentials.Config{
		ClientID:     fake.exports["M3TER_API_KEY"],
		ClientSecret: fake.exports["M3TER_API_SECRET"],
		TokenURL:     fake.exports["M3TER_BASE_URL"] + "/oauth/token",
	}).Client(t.Context())
	return fake
}

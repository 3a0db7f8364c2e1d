package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// running is a command that serves.
type running struct {
	t       *testing.T
	exports map[string]string
	stderr  bytes.Buffer // complete after stop
	stop    func() error // interrupts the command, and returns its error
}

// start runs the command on a free port, with more arguments.
func start(t *testing.T, args ...string) *running {
	ctx, interrupt := context.WithCancel(t.Context())
	stdout, printed := io.Pipe()
	fake := &running{t: t}
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
	fake.exports = readExports(t, stdout)
	return fake
}

// readExports reads the output of run, up to its last line.
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

// token fetches an access token.
func (r *running) token() (token string, status int) {
	request := r.request("POST", "/oauth/token", "grant_type=client_credentials")
	request.SetBasicAuth(r.exports["M3TER_API_KEY"], r.exports["M3TER_API_SECRET"])
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body := r.do(request)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		r.t.Errorf("token: status %d, %q: %v", status, body, err)
	}
	return answer.AccessToken, status
}

// send sends a request for the organization.
func (r *running) send(method, path, token, body string) (status int, answer string) {
	request := r.request(method, "/organizations/"+r.exports["M3TER_ORG_ID"]+path, body)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	return r.do(request)
}

func (r *running) request(method, path, body string) *http.Request {
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.exports["M3TER_BASE_URL"]+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return request
}

func (r *running) do(request *http.Request) (status int, answer string) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Error(err)
	}
	return resp.StatusCode, string(body)
}

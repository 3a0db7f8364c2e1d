package m3teraccess

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A wait is never negative, whatever the text of Retry-After. A wait until a date ends at the date.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "7", "-1", "1.5", "9223372036854775807", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"} {
		f.Add(seed)
	}
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		got := retryAfter(http.Header{"Retry-After": {value}}, now)
		if got < 0 {
			t.Errorf("%q: %v", value, got)
		}
		if at, err := http.ParseTime(value); err == nil && at.After(now) && at.Sub(now) != got {
			t.Errorf("%q: %v, want %v", value, got, at.Sub(now))
		}
	})
}

// The text of an error is short, on one line and without secrets, whatever the response body.
func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{`{"message":"no"}`, `{"message":"Bearer the-token"}`, `{"message":"\u001b[2J\r\nforged"}`, `{"message":7}`, `<html>the-secret</html>`, ``, `null`, `[]`, `{"message":"the\u002dtoken"}`} {
		f.Add(502, []byte(seed), "req-1")
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, id string) {
		c := &call{op: &gen.RequestSupport.Operation, vault: newVault("the-secret"), token: "the-token"}
		a := &answer{Response: &http.Response{StatusCode: status, Header: http.Header{"X-Request-Id": {id}}}, body: body}
		err := newError(c, a)
		text := err.Error()
		if len(text) > maxErrorText || len(err.Body) > maxErrorBody {
			t.Errorf("text of %d bytes, body of %d", len(text), len(err.Body))
		}
		if strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("control characters in %q", text)
		}
		for _, shown := range []string{text, err.Message, err.RequestID, string(err.Body)} {
			if strings.Contains(shown, "the-secret") || strings.Contains(shown, "the-token") {
				t.Errorf("a secret in %q", shown)
			}
		}
	})
}

// The client refuses an id, or the id arrives unchanged, as one segment of the path.
func FuzzPathValue(f *testing.F) {
	for _, seed := range []string{"", ".", "..", "a/b", `a\b`, "a?b", "a#b", "%2e%2e", "%2F", "a b", "a\nb", "é", "a;b", "a:b", "\xff", "...", "http://x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if validatePathValue("id", id) != nil {
			return
		}
		client := (&core{base: &url.URL{Scheme: "https", Host: "m3ter.test", Path: "/base"}, paces: newPaces(nil)}).client("org")
		made, err := client.newRequest(http.MethodGet, client.urlOf(gen.UserPermissions.Path, []string{"org", id}, ""), nil)
		if err != nil {
			t.Fatal(err)
		}
		// A server parses the URL that the client writes.
		req, err := http.NewRequest(http.MethodGet, made.URL.String(), nil)
		if err != nil {
			t.Fatalf("%q is valid, and its URL is not: %v", id, err)
		}
		escaped, found := strings.CutPrefix(req.URL.EscapedPath(), "/base/organizations/org/users/")
		escaped, found2 := strings.CutSuffix(escaped, "/permissions")
		got, err := url.PathUnescape(escaped)
		if !found || !found2 || strings.Contains(escaped, "/") || err != nil || got != id || req.URL.RawQuery != "" || req.URL.Fragment != "" {
			t.Errorf("%q became %s", id, req.URL)
		}
	})
}

// Any JSON is a page or an error. Every policy of a page has an id and statements that m3ter accepts.
func FuzzPermissionsAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":"1","permissionPolicy":[{"effect":"ALLOW","action":["CONFIG_CREATE"],"resource":["*"]}]}],"nextToken":"t"}`,
		`{"data":null}`, `{"data":[]}`, `{"data":[null]}`, `{"data":[{}]}`, `{"id":"1"}`, `[{"id":"1"}]`, `[]`, `{}`, `null`, ` [ ] `, `{"id":"1"}{"id":"2"}`,
		`{"data":{}}`, `{"data":[],"nextToken":7}`, `"x"`, `7`, `true`, ``, `{"Data":[]}`, "\v[]", " \r\n\t[]", "\ufeff[]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a := &answer{Response: &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}, body: body}
		page, err := decode(a, gen.UserPermissions.Finish)
		if err != nil {
			return
		}
		if !json.Valid(withoutMark(body)) {
			t.Errorf("%q was read, and is not JSON", body)
		}
		for _, policy := range page.Data {
			if policy.ID == "" {
				t.Errorf("a policy without an id from %q", body)
			}
			for _, s := range policy.PermissionPolicy {
				for _, word := range append(s.Action, Action(s.Effect)) {
					if strings.ContainsAny(string(word), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") { // which m3ter refuses
						t.Errorf("%q from %q", word, body)
					}
				}
			}
		}
	})
}

// Any response of the token endpoint leads to a token that a header can carry, or to an AuthError without secrets.
func FuzzTokenAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"t","token_type":"Bearer","expires_in":18000}`, `{"access_token":"t","expires_in":"18000"}`, `{"access_token":"t"}`,
		`{"access_token":"a\nb"}`, `{"access_token":""}`, `{"error":"invalid_client","error_description":"the-secret"}`, `<html>`, ``, `null`,
		`access_token=t&expires_in=18000`, `{"access_token":"t","expires_in":-1}`, `{"access_token":"t","expires_in":1e99}`,
	} {
		f.Add(200, "application/json", []byte(seed))
		f.Add(401, "text/plain", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		if status < 200 || status > 599 || strings.ContainsFunc(contentType, unicode.IsControl) {
			return // net/http doesn't let them through
		}
		s := &script{token: answers(status, string(body), "Content-Type: "+contentType)}
		err := doRead(t, newScripted(t, s, onceOnly))
		if err == nil {
			if header := s.attempts[0].Header.Get("Authorization"); len(header) <= len("Bearer ") || strings.ContainsFunc(header, unicode.IsControl) {
				t.Errorf("sent Authorization %q", header)
			}
			return
		}
		if !errors.As(err, new(*AuthError)) || strings.Contains(err.Error(), "the-secret") || strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("%d, %q: %v", status, body, err)
		}
	})
}

// Do writes one well-formed request to a connection, or nothing.
func FuzzDo(f *testing.F) {
	for _, seed := range []struct{ method, path, name, value, coding, body string }{
		{"POST", "/x", "X", "a", "", "{}"},
		{"POST", "/x", "X", "a", "identity", "DELETE /y HTTP/1.1\r\nHost: m3ter.test\r\n\r\n"},
		{"POST", "/x", "transfer-encoding", "chunked", "", "0\r\n\r\nDELETE /y HTTP/1.1\r\n\r\n"},
		{"POST", "/x", "content-length", "2", "", "{}DELETE /y HTTP/1.1\r\n\r\n"},
		{"DELETE", "/x y", "Connection", "content-length", "", ""},
		{"GET", "/x?a\r\nb", "Upgrade", "h2c", "", "{}"},
		{"PUT", "/%0d%0a", "Trailer", "Content-Length", "chunked", "x"},
		{"HEAD", "/", "X", "100-continue", "", ""},
	} {
		for _, length := range []int64{-1, 0, 1, int64(len(seed.body))} {
			f.Add(seed.method, seed.path, seed.name, seed.value, seed.coding, seed.body, length)
		}
	}
	f.Fuzz(func(t *testing.T, method, path, name, value, coding, body string, length int64) {
		var dialed atomic.Bool
		written := make(chan []byte, 1)
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			dialed.Store(true)
			client, server := net.Pipe()
			go func() { written <- recordOne(server) }()
			return client, nil
		}}
		client := newScripted(t, &script{}, withToken1, WithBaseURL("http://localhost"), WithHTTPClient(&http.Client{Transport: transport}),
			onceOnly, WithTimeout(time.Second), WithLimiter(unlimited))
		req := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{name: {value}}, ContentLength: length}
		if parsed, err := url.Parse(path); err == nil {
			req.URL = parsed
		}
		if coding != "" {
			req.TransferEncoding = []string{coding}
		}
		if body != "" {
			req.Body = io.NopCloser(strings.NewReader(body))
		}
		_, err := client.Do(req)
		if !dialed.Load() {
			if err == nil {
				t.Error("Do succeeded without a request")
			}
			return
		}
		raw := <-written
		reader := bufio.NewReader(bytes.NewReader(raw))
		got, readErr := http.ReadRequest(reader)
		if readErr != nil {
			if err == nil {
				t.Errorf("%q is not a request: %v", raw, readErr)
			}
			return
		}
		if sent, bodyErr := io.ReadAll(got.Body); bodyErr == nil && string(sent) != body && err == nil {
			t.Errorf("the body is %q, want %q", sent, body)
		}
		if rest, _ := io.ReadAll(reader); len(rest) > 0 {
			t.Errorf("%q follows the request", rest)
		}
	})
}

// recordOne reads a connection to its end, and answers the first whole request.
func recordOne(conn net.Conn) []byte {
	var raw bytes.Buffer
	buffer := make([]byte, 4<<10)
	for answered := false; ; {
		n, err := conn.Read(buffer)
		raw.Write(buffer[:n])
		if err != nil {
			return raw.Bytes()
		}
		if request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw.Bytes()))); err == nil && !answered {
			if _, err := io.Copy(io.Discard, request.Body); err != nil {
				continue // its body is still to come
			}
			answered = true
			go io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
	}
}

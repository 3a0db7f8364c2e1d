package m3teraccess

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// gzipped compresses a body and spoils the result.
func gzipped(t *testing.T, body string, spoil func([]byte) []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(body))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return spoil(out.Bytes())
}

// A success with a broken compression is unreadable. The client retries only if the response is cut.
func TestBrokenCompression(t *testing.T) {
	const good = `{"id":"1","data":[],"name":"a name of some length, so that there is something to compress"}`
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 0xff; return b }
	}
	for name, test := range map[string]struct {
		body     []byte
		readable bool
		attempts int32
	}{
		"in order":   {gzipped(t, good, func(b []byte) []byte { return b }), true, 1},
		"no gzip":    {[]byte(good), false, 1},
		"checksum":   {gzipped(t, good, flip(-6)), false, 1},
		"length":     {gzipped(t, good, flip(-2)), false, 1},
		"block type": {gzipped(t, good, func(b []byte) []byte { b[10] |= 6; return b }), false, 1},
		"cut":        {gzipped(t, good, func(b []byte) []byte { return b[:len(b)/2] }), false, 4},
	} {
		var received atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			received.Add(1)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(test.body)
		}))
		defer server.Close()
		options := []Option{WithHTTPClient(server.Client()), WithBaseURL(server.URL), atOnce}
		client := newScripted(t, &script{}, append(options, withToken1)...)
		unreadable := !test.readable && test.attempts == 1
		check := func(call string, err error, isRight bool, attempts int32) {
			if n := received.Swap(0); !isRight || n != attempts {
				t.Errorf("%s, %s: %v after %d attempts", name, call, err, n)
			}
		}
		for _, m := range methods {
			want := test.attempts
			if !m.isRead {
				want = 1
			}
			err := m.call(t.Context(), client)
			check(m.name, err, errors.As(err, new(*DecodeError)) == unreadable && (err == nil) == test.readable, want)
			if err != nil && errors.Is(err, ErrOutcomeUnknown) == m.isRead {
				t.Errorf("%s, %s: %v", name, m.name, err)
			}
		}
		_, err := client.Do(newRequest(t, "GET", server.URL+"/x", strings.NewReader("")))
		check("Do", err, errors.As(err, new(*DecodeError)) == unreadable, test.attempts)
		err = doWrite(t, newScripted(t, &script{}, options...))
		check("an access token", err, errors.As(err, new(*AuthError)), test.attempts)
	}
}

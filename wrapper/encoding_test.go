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

// gzipped compresses a body, and spoils the result.
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

// A success whose compression can't be undone is unreadable, at once. One that is cut is a failure, and tried again.
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
		client := newScripted(t, &script{}, WithHTTPClient(server.Client()), WithBaseURL(server.URL), withToken1, WithRetry(RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
		for _, m := range methods {
			received.Store(0)
			want := test.attempts
			if !m.isRead {
				want = 1
			}
			err := m.call(t.Context(), client)
			isDecodeError := errors.As(err, new(*DecodeError))
			if (err == nil) != test.readable || isDecodeError != (!test.readable && test.attempts == 1) || received.Load() != want {
				t.Errorf("%s, %s: %v after %d attempts", name, m.name, err, received.Load())
			}
			if err != nil && errors.Is(err, ErrOutcomeUnknown) == m.isRead {
				t.Errorf("%s, %s: %v", name, m.name, err)
			}
		}
		received.Store(0)
		req, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/x", strings.NewReader(""))
		_, err := client.Do(req)
		if errors.As(err, new(*DecodeError)) != (!test.readable && test.attempts == 1) || received.Load() != test.attempts {
			t.Errorf("%s, Do: %v after %d attempts", name, err, received.Load())
		}
		received.Store(0)
		client = newScripted(t, &script{}, WithHTTPClient(server.Client()), WithBaseURL(server.URL), WithRetry(RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
		if err := methods[0].call(t.Context(), client); !errors.As(err, new(*AuthError)) || received.Load() != test.attempts {
			t.Errorf("%s, a token: %v after %d attempts", name, err, received.Load())
		}
	}
}

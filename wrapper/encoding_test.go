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

// A success with an invalid compression is unreadable. The client retries only if the response breaks off.
func TestBrokenCompression(t *testing.T) {
	const good = `{"id":"1","data":[],"name":"a name of some length, so that there is something to compress"}`
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = w.Write([]byte(good))
	_ = w.Close()
	flipped := func(at int, bits byte) []byte {
		body := bytes.Clone(compressed.Bytes())
		body[(at+len(body))%len(body)] ^= bits
		return body
	}
	for name, test := range map[string]struct {
		body     []byte
		readable bool
		attempts int32
	}{
		"in order":   {compressed.Bytes(), true, 1},
		"no gzip":    {[]byte(good), false, 1},
		"checksum":   {flipped(-6, 0xff), false, 1},
		"length":     {flipped(-2, 0xff), false, 1},
		"block type": {flipped(10, 6&^compressed.Bytes()[10]), false, 1}, // type 3, which does not exist,
		"cut":        {compressed.Bytes()[:compressed.Len()/2], false, 4},
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

package m3teraccess

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// readAndClose reads a body whose Read returns when the context is done, such as a body from net/http's own transport.
func readAndClose(_ context.Context, resp *http.Response, maxBytes int64) ([]byte, error) {
	defer resp.Body.Close()
	return readBody(resp.Body, resp.ContentLength, maxBytes)
}

// readUntilDone reads a body whose Read may block after the context is done, and even after the body is closed. The
// goroutine of such a Read lives until the Read returns.
func readUntilDone(ctx context.Context, resp *http.Response, maxBytes int64) ([]byte, error) {
	if isInMemory(resp.Body) { // a goroutine would cost more than the rest of the call
		return readAndClose(ctx, resp, maxBytes)
	}
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 1)
	from, length := resp.Body, resp.ContentLength // the caller may replace resp.Body while the goroutine still reads
	closeOnce := sync.OnceFunc(func() { from.Close() })
	go func() {
		r := result{err: errors.New("the read of the response body called runtime.Goexit")} // replaced if readBody returns or panics
		defer func() {
			if problem := recover(); problem != nil { // the caller can't recover it: this goroutine is not the caller's
				r.err = fmt.Errorf("the read of the response body panicked: %v", problem)
			}
			done <- r
		}()
		defer closeOnce()
		r.body, r.err = readBody(from, length, maxBytes)
	}()
	select {
	case r := <-done:
		return r.body, r.err
	case <-ctx.Done():
		go closeOnce() // most bodies return from Read when they are closed
		return nil, ctx.Err()
	}
}

// isOfNetHTTP reports whether a body has a type of net/http.
func isOfNetHTTP(body io.ReadCloser) bool {
	t := reflect.TypeOf(body)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return strings.HasPrefix(t.PkgPath(), "net/http")
}

var inMemory = reflect.TypeOf(io.NopCloser(new(bytes.Reader)))

// isInMemory reports whether a body is http.NoBody or an io.NopCloser around a reader of bytes in memory. Such a body
// never blocks and never fails.
func isInMemory(body io.ReadCloser) bool {
	if reflect.TypeOf(body) != inMemory {
		return body == http.NoBody
	}
	switch reflect.ValueOf(body).Field(0).Interface().(type) {
	case *bytes.Buffer, *bytes.Reader, *strings.Reader:
		return true
	}
	return false
}

// maxTrustedLength is the largest number of bytes for which readBody allocates room in advance because of a
// Content-Length.
const maxTrustedLength = 1 << 20

// readBody reads a response body, and returns at most maxBytes bytes. If length, the Content-Length, is known, the
// buffer has room for it, up to maxTrustedLength. If readBody fails, it also returns the bytes that it has read.
func readBody(from io.Reader, length, maxBytes int64) ([]byte, error) {
	end := min(maxBytes, math.MaxInt64-1) + 1 // one more byte shows that the body is too long
	room := int64(bytes.MinRead)
	if n := min(length, maxTrustedLength); n >= 0 {
		room = n + 1 // room for the Read that returns io.EOF
	}
	body := make([]byte, 0, room)
	for {
		n, err := from.Read(body[len(body):min(int64(cap(body)), end)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) == end:
			return body[:maxBytes], errTooLong
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, err
		case len(body) == cap(body):
			body = slices.Grow(body, len(body))
		}
	}
}

func closeBody(req *http.Request) {
	if req != nil && req.Body != nil {
		req.Body.Close()
	}
}

// markBody marks the errors of a request body of the caller. The text of an error of net/http may be a proof (see
// refusal), and the body may come from another response of net/http. A body in memory stays as it is, because net/http
// writes it together with the header.
func markBody(req *http.Request) {
	if req.Body == nil || isInMemory(req.Body) {
		return
	}
	req.Body = callerBody{req.Body}
	if getBody := req.GetBody; getBody != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := getBody()
			if body == nil || err != nil {
				return body, err
			}
			return callerBody{body}, nil
		}
	}
}

type callerBody struct{ io.ReadCloser }

func (b callerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = bodyError{err}
	}
	return n, err
}

type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

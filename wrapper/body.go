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
	"sync"
)

// readAndClose reads a body whose reading ends with the context, such as one of net/http's own transport.
func readAndClose(_ context.Context, resp *http.Response, maxBytes int64) ([]byte, error) {
	defer resp.Body.Close()
	return readBody(resp, maxBytes)
}

// readUntilDone reads a body whose reading may end neither with the context nor when it is closed. It is then left
// behind, in a goroutine.
func readUntilDone(ctx context.Context, resp *http.Response, maxBytes int64) ([]byte, error) {
	if isInMemory(resp.Body) {
		return readAndClose(ctx, resp, maxBytes)
	}
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 1)
	closeOnce := sync.OnceFunc(func() { resp.Body.Close() })
	go func() {
		r := result{err: errors.New("the body ended its goroutine")} // unless it returns
		defer func() {
			if problem := recover(); problem != nil { // a caller could not catch it: this goroutine is ours
				r.err = fmt.Errorf("the body panicked: %v", problem)
			}
			done <- r
		}()
		defer closeOnce()
		r.body, r.err = readBody(resp, maxBytes)
	}()
	select {
	case r := <-done:
		return r.body, r.err
	case <-ctx.Done():
		go closeOnce() // which ends the reading of most bodies
		return nil, ctx.Err()
	}
}

var inMemory = reflect.TypeOf(io.NopCloser(new(bytes.Reader)))

// isInMemory tells whether a body is io.NopCloser of a bytes.Reader, as transports for tests have it: a goroutine would
// cost more than the rest of such a call.
func isInMemory(body io.ReadCloser) bool {
	if reflect.TypeOf(body) != inMemory {
		return body == http.NoBody
	}
	_, ok := reflect.ValueOf(body).Field(0).Interface().(*bytes.Reader)
	return ok
}

// maxTrustedLength is up to where an announced length is believed before the bytes are there.
const maxTrustedLength = 1 << 20

// readBody reads at most maxBytes, into room of the announced size where one is announced. What it read comes back
// beside an error too.
func readBody(resp *http.Response, maxBytes int64) ([]byte, error) {
	end := min(maxBytes, math.MaxInt64-1) + 1 // one more, to see whether there is more
	room := int64(bytes.MinRead)
	if n := min(resp.ContentLength, maxTrustedLength); n >= 0 {
		room = n + 1 // reading on finds the end
	}
	body := make([]byte, 0, room)
	for {
		n, err := resp.Body.Read(body[len(body):min(int64(cap(body)), end)])
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

package m3teraccess

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A roundTrip hands the request of a call to the transport.
type roundTrip func(context.Context, *call) (*http.Response, error)

// attempt makes one round trip and reads the whole answer, within the timeout and the bound. A cut or late answer is so
// a failure of the attempt, and not a surprise to whoever reads the body later.
func attempt(do roundTrip, timeout time.Duration, maxBytes int64) layer {
	return func(ctx context.Context, c *call) (*answer, error) {
		// Once it is over, nothing leaves, and so there is no doubt about the outcome.
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		attemptCtx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		because := func(err error) error {
			switch ended := ctx.Err(); {
			case ended != nil && errors.Is(err, ended):
				return err
			case ended != nil:
				return fmt.Errorf("%w: %w", ended, err) // a transport may speak of the cause alone
			case attemptCtx.Err() != nil:
				return fmt.Errorf("no complete answer within %v: %w", timeout, os.ErrDeadlineExceeded)
			}
			return fmt.Errorf("no complete answer: %w", err)
		}

		conn := &connection{leaves: c.leaves}
		resp, err := do(httptrace.WithClientTrace(attemptCtx, conn.trace()), c)
		if err != nil {
			return nil, &transportError{err: because(c.redactor().error(err)), neverLeft: conn.wasNeverThere()}
		}
		defer resp.Body.Close()
		body, err := readBody(resp, maxBytes)
		if err != nil && !errors.Is(err, errTooLong) {
			err = &transportError{err: because(c.redactor().error(err))}
		}
		return &answer{Response: resp, body: body, bodyErr: err}, nil
	}
}

// A transportError is an attempt that brought no answer, or only a part of one.
type transportError struct {
	err       error
	neverLeft bool // proven: the request was never sent
}

func (e *transportError) Error() string { return e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// A connection watches whether a request ever got one. Only net/http's own transport reports; of another that reports
// nothing, nothing is known.
type connection struct {
	asked, got atomic.Bool
	leaves     func() // nil: nobody wants to know
}

func (c *connection) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) {
			c.got.Store(true)
			if c.leaves != nil {
				c.leaves()
			}
		},
	}
}

func (c *connection) wasNeverThere() bool { return c.asked.Load() && !c.got.Load() }

var errTooLong = errors.New("the answer is longer than WithMaxResponseBytes allows")

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

// defaultHTTPClient serves every client that has none of its own, so that they share connections.
var defaultHTTPClient = sync.OnceValue(func() *http.Client {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return &http.Client{}
	}
	transport = transport.Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // all go to one host
	return &http.Client{Transport: transport}
})

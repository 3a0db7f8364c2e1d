package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"time"
)

// A roundTrip hands the request of a call to the transport.
type roundTrip func(context.Context, *call) (*http.Response, error)

// attempt makes one round trip and reads the whole answer, within the timeout and the bound. A cut or late answer is so
// a failure of the attempt, and not a surprise to whoever reads the body later.
func attempt(do roundTrip, isNetHTTP bool, timeout time.Duration, maxBytes int64) layer {
	read := readAndClose
	if !isNetHTTP {
		read = readUntilDone
	}
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

		s := &sending{isNetHTTP: isNetHTTP, leaves: c.leaves}
		resp, err := do(httptrace.WithClientTrace(attemptCtx, s.trace(isRead(c.op))), c)
		if err != nil {
			err = withoutURL(err)
			proof := s.proof(err, attemptCtx.Err())
			return nil, &transportError{err: because(s.told(withoutAdvice(err))), proof: proof}
		}
		body, err := read(attemptCtx, resp, maxBytes)
		if err != nil && !isUnreadable(err) {
			err = &transportError{err: because(err)}
		}
		return &answer{Response: resp, body: body, bodyErr: err, isRepeated: s.isRepeated()}, nil
	}
}

// withoutURL takes off what a url.Error adds: the URL holds ids, and the operation is named by who wraps the error.
func withoutURL(err error) error {
	for urlErr := (*url.Error)(nil); errors.As(err, &urlErr); {
		err = urlErr.Err
	}
	return err
}

// A transportError is an attempt that brought no answer, or only a part of one.
type transportError struct {
	err   error
	proof string // why nothing was done; "" when it may have been
}

func (e *transportError) Error() string { return e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// send sends a call and decodes its answer, which finish checks and brings into canonical form. buildErr is that of
// the generated function that made the request.
func send[T any](ctx context.Context, c *Client, call *call, buildErr error, finish func(*T) error) (*T, error) {
	if buildErr != nil {
		return nil, fmt.Errorf("m3teraccess: %s: %w", call.op.name, buildErr)
	}
	c.prepare(call.req)
	a, err := c.layers(ctx, call)
	var result *T
	if err == nil {
		result, err = read(a, call, c.redactor(call), finish)
	}
	if err != nil {
		return nil, c.explain(call, err)
	}
	return result, nil
}

// read turns an answer into a value or an error.
func read[T any](a *answer, call *call, redact redactor, finish func(*T) error) (*T, error) {
	if a.StatusCode/100 != 2 {
		return nil, newError(call, a, redact)
	}
	if cut := (*transportError)(nil); errors.As(a.bodyErr, &cut) {
		return nil, cut
	}
	result, err := decode(a, finish)
	if err != nil {
		return nil, newDecodeError(call, a, redact, err)
	}
	return result, nil
}

// prepare sets the headers that every request has.
func (c *Client) prepare(req *http.Request) {
	req.Header.Set("User-Agent", c.agent)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
}

func (c *Client) redactor(call *call) redactor {
	return append(redactor{call.token}, c.secrets...)
}

// explain names the request where an error does not, and says so when it is a write that may have been done.
func (c *Client) explain(call *call, err error) error {
	unknown := false
	switch e := err.(type) {
	case *AuthError:
		return e
	case *Error:
		unknown = mayBeDone(e.StatusCode)
	case *DecodeError:
		unknown = mayBeDone(e.StatusCode)
	case *transportError:
		unknown = !e.neverLeft
		err = fmt.Errorf("m3teraccess: %s %s: %w", call.op.method, call.op.path, c.redactor(call).error(e.err))
	default: // the context ended before anything was sent
		err = fmt.Errorf("m3teraccess: %s %s: not sent: %w", call.op.method, call.op.path, err)
	}
	if unknown && !call.op.isRead() {
		return &unknownOutcome{err: err, find: call.op.find}
	}
	return err
}

// mayBeDone tells whether a request that was answered so may have been carried out.
func mayBeDone(status int) bool {
	return status/100 == 2 || status == http.StatusRequestTimeout || status >= 500
}

// An unknownOutcome is the failure of a write that may have been done. It matches [ErrOutcomeUnknown], and whatever
// the failure matches.
type unknownOutcome struct {
	err  error
	find string
}

func (e *unknownOutcome) Error() string {
	return fmt.Sprintf("%v; it may have been done all the same: to find out, %s", e.err, e.find)
}

func (e *unknownOutcome) Unwrap() []error { return []error{e.err, ErrOutcomeUnknown} }

package m3teraccess

import (
	"context"
	"fmt"
	"net/http"
)

func (c *Client) newCall(op *operation, req *http.Request, versioned bool) *call {
	return &call{op: op, req: req, versioned: versioned, pace: c.pace, secrets: c.secrets()}
}

// send sends a call, and decodes its answer by parse.
func send[T any](ctx context.Context, c *Client, call *call, parse func([]byte) (*T, error)) (*T, error) {
	if ctx == nil {
		return nil, invalid("context", allowedContext, "is nil")
	}
	a, err := c.layers(ctx, call)
	noTime, err := lastOf(err)
	var result *T
	if err == nil {
		result, err = read(a, call, parse)
	}
	if err != nil {
		return nil, call.explain(err, noTime)
	}
	return result, nil
}

// read turns an answer into a value or an error.
func read[T any](a *answer, call *call, parse func([]byte) (*T, error)) (*T, error) {
	if a.StatusCode/100 != 2 {
		return nil, newError(call, a)
	}
	if a.isCut() {
		return nil, a.bodyErr
	}
	result, err := decode(a, parse)
	if err != nil {
		return nil, newDecodeError(call, a, err)
	}
	return result, nil
}

// explain names the request where an error does not, and says so when it is a write that may have been done, and when
// there was no time for another attempt.
func (c *call) explain(err error, noTime *interrupted) error {
	unknown := false
	switch e := err.(type) {
	case *AuthError:
	case *Error:
		unknown = isAmbiguous(e.StatusCode) || e.isRepeated
	case *DecodeError:
		unknown = e.StatusCode/100 == 2 || isAmbiguous(e.StatusCode)
	case *transportError:
		unknown = e.proof == ""
		err = c.failure(e.proof, e.err)
	default: // there was no attempt
		err = c.failure("not sent", err)
	}
	if noTime != nil {
		err = fmt.Errorf("%w; no time for another attempt: %w", err, noTime.ended)
	}
	if unknown && !c.op.isRead() {
		err = &unknownOutcome{err: err, find: c.op.find}
	}
	return err
}

// failure is the error of a request that brought no answer. proof tells why it was not carried out, "" when it may have
// been.
func (c *call) failure(proof string, err error) error {
	if proof != "" {
		proof += ": "
	}
	return fmt.Errorf("m3teraccess: %s %s: %s%w", c.op.method, c.op.path, proof, c.redactor().error(err))
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

package m3teraccess

import (
	"context"
	"fmt"
	"net/http"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// invoke calls an operation of the document: it checks the arguments, sends the request and reads the answer. The values
// are those of the path behind the organization.
func invoke[Request, Answer any](ctx context.Context, c *Client, endpoint *gen.Endpoint[Request, Answer], request Request, values ...string) (*Answer, error) {
	values = append([]string{c.orgID}, values...)
	if err := validate(endpoint, values, request); err != nil {
		return nil, err
	}
	var query string
	if endpoint.Query != nil {
		query = endpoint.Query(request)
	}
	var body any
	if endpoint.HasBody {
		body = request
	}
	req, err := c.newRequest(endpoint.Method, c.urlOf(endpoint.Path, values, query), body)
	if err != nil {
		return nil, fmt.Errorf("m3teraccess: %s: %w", endpoint.Name, err)
	}
	call := c.newCall(&endpoint.Operation, req)
	call.versioned = endpoint.Version != nil && endpoint.Version(request) != 0
	return perform(ctx, c, call, endpoint.Finish)
}

// perform sends a call and reads its answer.
func perform[Answer any](ctx context.Context, c *Client, call *call, finish func(*Answer) string) (*Answer, error) {
	a, err := c.layers(ctx, call)
	noTime, err := lastOf(err)
	var result *Answer
	if err == nil {
		result, err = read(a, call, finish)
	}
	if err != nil {
		return nil, call.explain(err, noTime)
	}
	return result, nil
}

func (c *Client) newCall(op *gen.Operation, req *http.Request) *call {
	return &call{op: op, req: req, pace: c.pace, vault: c.vault}
}

// read turns an answer into a value or an error.
func read[Answer any](a *answer, call *call, finish func(*Answer) string) (*Answer, error) {
	if a.StatusCode/100 != 2 {
		return nil, newError(call, a)
	}
	if isNothing(new(Answer)) {
		return new(Answer), nil
	}
	if a.isCut() {
		return nil, a.bodyErr
	}
	result, err := decode(a, finish)
	if err != nil {
		return nil, newDecodeError(call, a, err)
	}
	return result, nil
}

// isNothing tells whether an answer is of no interest beyond its status.
func isNothing(answer any) bool {
	_, ok := answer.(*struct{})
	return ok
}

// explain names the request where an error does not, and says so when it is a write that may have been done, and when
// there was no time for another attempt.
func (c *call) explain(err error, noTime *interrupted) error {
	unknown := false
	switch e := err.(type) {
	case *AuthError:
	case *Error:
		unknown = isAmbiguous(e.StatusCode)
	case *DecodeError:
		unknown = e.StatusCode/100 == 2 || isAmbiguous(e.StatusCode)
	case *transportError:
		unknown = !e.neverLeft
		err = fmt.Errorf("m3teraccess: %s %s: %w", c.op.Method, c.op.Path, e.err)
	default: // there was no attempt
		err = fmt.Errorf("m3teraccess: %s %s: not sent: %w", c.op.Method, c.op.Path, err)
	}
	if noTime != nil {
		err = fmt.Errorf("%w; no time for another attempt: %w", err, noTime.ended)
	}
	if unknown && !isRead(c.op) {
		err = &unknownOutcome{err: err, find: c.op.Recovery}
	}
	return err
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

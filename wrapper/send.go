package m3teraccess

import (
	"context"
	"fmt"
	"net/http"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// invoke calls an operation of api/openapi.yaml: it checks the arguments, sends the request and reads the response. The
// values are the path arguments after the organization.
func invoke[Request, Answer any](ctx context.Context, c *Client, endpoint *gen.Endpoint[Request, Answer], request Request, values ...string) (*Answer, error) {
	if err := begin(ctx); err != nil {
		return nil, err
	}
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

// perform sends a call and reads its response.
func perform[Answer any](ctx context.Context, c *Client, call *call, finish func(*Answer) string) (*Answer, error) {
	out := c.send(ctx, call)
	result, err := read(out, call, finish)
	if err != nil {
		return nil, call.explain(err, out)
	}
	return result, nil
}

func (c *Client) newCall(op *gen.Operation, req *http.Request) *call {
	return &call{op: op, req: req, pace: c.pace, vault: c.vault}
}

// read turns an outcome into a value or an error.
func read[Answer any](out outcome, call *call, finish func(*Answer) string) (*Answer, error) {
	switch a := out.answer; {
	case a == nil:
		return nil, out.err
	case !a.isSuccess():
		return nil, newError(call, a)
	case isNothing(new(Answer)):
		return new(Answer), nil
	case out.isCut():
		return nil, out.err
	case out.err != nil:
		return nil, newDecodeError(call, a, out.err)
	}
	result, err := decode(out.answer, finish)
	if err != nil {
		return nil, newDecodeError(call, out.answer, err)
	}
	return result, nil
}

// isNothing reports whether the caller needs no more of a response than its status.
func isNothing(answer any) bool {
	_, ok := answer.(*struct{})
	return ok
}

// explain extends the error of an outcome. It adds which request failed, why there was no further attempt, and whether
// m3ter may have carried out a write.
func (c *call) explain(err error, out outcome) error {
	unknown := false
	switch e := err.(type) {
	case *AuthError:
	case *Error:
		unknown = isAmbiguous(e.StatusCode) || out.isRepeated
	case *DecodeError:
		unknown = true
	default:
		proof := out.proof
		if !out.attempted {
			proof = "not sent"
		}
		unknown = proof == ""
		err = c.failure(proof, err)
	}
	if out.ended != nil {
		err = fmt.Errorf("%w; no further attempt: %w", err, out.ended)
	}
	if unknown && !c.isRead() {
		err = &unknownOutcome{err: err, find: c.op.Recovery}
	}
	return err
}

// failure returns the error for a request without a complete response. proof says why the request was not carried out;
// it is "" if the request may have been carried out.
func (c *call) failure(proof string, err error) error {
	if proof != "" {
		proof += ": "
	}
	return fmt.Errorf("m3teraccess: %s %s: %s%w", c.op.Method, c.op.Path, proof, err)
}

// An unknownOutcome is the error of a failed write that m3ter may have carried out. It matches [ErrOutcomeUnknown], and
// everything that the wrapped error matches.
type unknownOutcome struct {
	err  error
	find string
}

func (e *unknownOutcome) Error() string {
	return fmt.Sprintf("%v; m3ter may have carried out the write; to find out, %s", e.err, e.find)
}

func (e *unknownOutcome) Unwrap() []error { return []error{e.err, ErrOutcomeUnknown} }

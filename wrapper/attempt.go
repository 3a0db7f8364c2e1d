package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"os"
	"time"
)

// attempt makes one round trip and reads the whole response body, within the timeout and the size limit. An attempt
// fails if no response arrives within the timeout, or if the body of a successful response is incomplete.
func attempt(do roundTrip, isNetHTTP bool, timeout time.Duration, maxBytes int64) layer {
	return func(ctx context.Context, c *call) outcome {
		// If the context is done, the client sends no request, so the outcome is certain.
		if err := ctx.Err(); err != nil {
			return outcome{err: err}
		}
		attemptCtx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		s := &sending{isNetHTTP: isNetHTTP, isRead: c.isRead(), leaves: c.leaves, pace: c.pace, ctx: attemptCtx, cancel: cancel}
		because := func(err error) error {
			refused := s.refused()
			switch ended := ctx.Err(); {
			case ended != nil && errors.Is(err, ended):
				return err
			case ended != nil:
				return fmt.Errorf("%w: %w", ended, err) // a transport may return only the cause of the cancellation
			case refused != nil:
				return fmt.Errorf("waiting for the rate limit: %w", c.redactor().error(refused))
			case attemptCtx.Err() != nil:
				return fmt.Errorf("no complete response within %v: %w", timeout, os.ErrDeadlineExceeded)
			}
			return fmt.Errorf("no complete response: %w", err)
		}

		resp, err := do(httptrace.WithClientTrace(attemptCtx, s.trace()), c)
		if err != nil {
			proof := s.proof(err, attemptCtx.Err())
			return outcome{attempted: true, err: because(s.explain(c.redactor().error(withoutAdvice(err)))), proof: proof}
		}
		out := outcome{attempted: true, answer: &answer{Response: resp}, isRepeated: s.isRepeated()}
		read := readUntilDone
		if isNetHTTP && isOfNetHTTP(resp.Body) { // a protocol added by RegisterProtocol may have made another body
			read = readAndClose
		}
		out.answer.body, err = read(attemptCtx, resp, maxBytes)
		switch {
		case err == nil || !out.answer.isSuccess(): // an error status doesn't need a complete body
		case isUnreadable(err):
			out.err = err
			if err != errTooLong {
				out.err = c.redactor().error(err)
			}
		default:
			out.err = because(c.redactor().error(err))
		}
		return out
	}
}

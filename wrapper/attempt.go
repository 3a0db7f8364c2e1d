package m3teraccess

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"os"
	"time"
)

// attempt makes one round trip and reads the whole answer, within the timeout and the bound. A cut or late answer is so
// a failure of the attempt, and not a surprise to whoever reads the body later.
func attempt(do roundTrip, isNetHTTP bool, timeout time.Duration, maxBytes int64) layer {
	read := readAndClose
	if !isNetHTTP {
		read = readUntilDone
	}
	return func(ctx context.Context, c *call) outcome {
		// Once it is over, nothing leaves, and so there is no doubt about the outcome.
		if err := ctx.Err(); err != nil {
			return outcome{err: err}
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
		resp, err := do(httptrace.WithClientTrace(attemptCtx, s.trace(c.isRead())), c)
		if err != nil {
			proof := s.proof(err, attemptCtx.Err())
			return outcome{attempted: true, err: because(s.told(c.redactor().error(withoutAdvice(err)))), proof: proof}
		}
		out := outcome{attempted: true, answer: &answer{Response: resp}, isRepeated: s.isRepeated()}
		out.answer.body, err = read(attemptCtx, resp, maxBytes)
		switch {
		case err == nil || !out.answer.isSuccess(): // of another status, what came of the body does not matter
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

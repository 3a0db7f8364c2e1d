package m3teraccess

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A layer sends a call through the layers inside it.
type layer func(context.Context, *call) outcome

// A call passes through the layers. It holds a request and the state of the call's attempts.
type call struct {
	op        *gen.Operation
	req       *http.Request
	versioned bool     // the request has a version, so a refusal may be a version conflict
	pace      *pace    // of the organization
	vault     *vault   // the secrets of the client
	attempt   int      // the number of the attempt, from 1; set by the retry layer
	sent      int      // attempts that reached the transport; set by the retry layer
	leaves    func()   // called when the request has a connection; set by the limit layer; may be nil
	token     string   // the access token of the attempt; set by the token layer
	denied    []string // the access tokens of earlier attempts
	renewed   bool     // the access token was renewed once for this call
}

// isRead reports whether the call only reads, and so is safe to retry.
func (c *call) isRead() bool {
	return c.op.Method == http.MethodGet || c.op.Method == http.MethodHead || c.op.Method == http.MethodOptions
}

// redactor returns the secrets that errors and log lines of the call must not show.
func (c *call) redactor() redactor {
	return c.vault.redactor(append(slices.Clone(c.denied), c.token)...)
}

// answer holds a response and its body, as far as it could be read.
type answer struct {
	*http.Response
	body []byte
}

func (a *answer) isSuccess() bool { return a.StatusCode/100 == 2 }

// An outcome is the result of a call or of an attempt.
type outcome struct {
	answer     *answer // nil if no response arrived
	err        error   // why the response is missing or incomplete; nil if it is complete or has an error status
	attempted  bool    // the request reached the transport
	isRepeated bool    // the transport has sent the request more than once
	proof      string  // why a failed attempt certainly changed nothing; "" if m3ter may have carried out the request
	ended      error   // why there was no further attempt: an error of the context or of the caller's limiter
}

// isCut reports whether a successful response broke off. An unreadable response did not break off.
func (o outcome) isCut() bool { return o.answer != nil && o.err != nil && !isUnreadable(o.err) }

var errTooLong = errors.New("the response body is longer than WithMaxResponseBytes allows")

// isUnreadable reports whether a response body is too long or its compression is invalid. A retry would get the same
// response body.
func isUnreadable(err error) bool {
	return errors.Is(err, errTooLong) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		errors.As(err, new(flate.CorruptInputError))
}

// attrs describes an attempt for a log line. A log line has no request or response body, and no header other than the
// request id.
func (c *call) attrs(out outcome, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", c.op.Name),
		slog.String("method", c.op.Method),
		slog.String("path", c.op.Path),
		slog.Int("attempt", c.attempt),
		slog.Duration("duration", took),
	}
	if a := out.answer; a != nil {
		attrs = append(attrs, slog.Int("status", a.StatusCode))
		if id := c.redactor().requestID(a.Header); id != "" {
			attrs = append(attrs, slog.String("request_id", id))
		}
	}
	if out.err != nil {
		attrs = append(attrs, slog.String("error", out.err.Error()))
	}
	return attrs
}

// A roundTrip passes the request of a call to the transport.
type roundTrip func(context.Context, *call) (*http.Response, error)

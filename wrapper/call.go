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

// A layer sends a call by way of the layers inside it.
type layer func(context.Context, *call) outcome

// A call is one request on its way through the layers.
type call struct {
	op        *gen.Operation
	req       *http.Request
	versioned bool     // it carries a version, so that a refusal may be a conflict
	pace      *pace    // of the organization
	vault     *vault   // the secrets of the client
	attempt   int      // from 1 on; set by the retry layer, as is sent
	sent      int      // attempts that were handed to the transport
	leaves    func()   // to be called when the request has a connection; set by the limit layer; nil: nobody wants to know
	token     string   // of the attempt; set by the token layer
	denied    []string // the tokens of the attempts before
	renewed   bool     // the token was renewed for this call; once is enough
}

// isRead tells whether sending the call twice changes no more than sending it once.
func (c *call) isRead() bool {
	return c.op.Method == http.MethodGet || c.op.Method == http.MethodHead || c.op.Method == http.MethodOptions
}

// redactor knows what the errors and log lines of the call may not show.
func (c *call) redactor() redactor {
	return c.vault.redactor(append(slices.Clone(c.denied), c.token)...)
}

// An answer is a response whose body was read, as far as it could be.
type answer struct {
	*http.Response
	body []byte
}

func (a *answer) isSuccess() bool { return a.StatusCode/100 == 2 }

// An outcome is how a call ended, or an attempt of it.
type outcome struct {
	answer     *answer // nil: none came
	err        error   // why there is no answer, or a success is not whole; nil: there is one to look at
	attempted  bool    // the request was handed to the transport
	isRepeated bool    // the transport has sent it more than once
	proof      string  // why a failed attempt certainly did nothing; "": it may have done what it was to do
	ended      error   // that of the context, where it left no time for another attempt; nil: it left some
}

// isCut tells whether a success broke off. An unreadable one came whole.
func (o outcome) isCut() bool { return o.answer != nil && o.err != nil && !isUnreadable(o.err) }

var errTooLong = errors.New("the answer is longer than WithMaxResponseBytes allows")

// isUnreadable tells whether a body came as it was sent, so that asking once more is no use: it is too long, or its
// compression can't be undone.
func isUnreadable(err error) bool {
	return errors.Is(err, errTooLong) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		errors.As(err, new(flate.CorruptInputError))
}

// attrs describes an attempt: never a header but the request id, never a body.
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

// A roundTrip hands the request of a call to the transport.
type roundTrip func(context.Context, *call) (*http.Response, error)

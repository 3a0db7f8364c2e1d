package m3teraccess

import (
	"context"
	"net/http"
)

// A ResponseInfo is what an audit trail keeps of a call: see [WithResponseInto].
type ResponseInfo struct {
	StatusCode int         // of the last answer; 0 when none came
	RequestID  string      // what the service calls the request; may be empty
	Header     http.Header // of the last answer; nil when none came
	Attempts   int         // how many requests were sent; 0 when the call was refused before
}

type responseInfoKey struct{}

// WithResponseInto returns a context with which a call tells how it went, whether it succeeds or fails. It is for one call
// at a time: a second one overwrites what the first one told, as do the pages of a list one another. Nothing is written
// after the call has returned.
func WithResponseInto(ctx context.Context, into *ResponseInfo) context.Context {
	return context.WithValue(ctx, responseInfoKey{}, into)
}

// begin refuses a nil context, and tells that nothing has been sent yet.
func begin(ctx context.Context) error {
	if ctx == nil {
		return invalid("context", "a context, such as context.Background()", "is nil")
	}
	if info := responseInfo(ctx); info != nil {
		*info = ResponseInfo{}
	}
	return nil
}

// send sends a call, and tells how it went.
func (c *Client) send(ctx context.Context, call *call) outcome {
	out := c.layers(ctx, call)
	if info := responseInfo(ctx); info != nil {
		info.Attempts = call.sent
		if a := out.answer; a != nil {
			info.StatusCode, info.Header, info.RequestID = a.StatusCode, a.Header.Clone(), call.redactor().requestID(a.Header)
		}
	}
	return out
}

func responseInfo(ctx context.Context) *ResponseInfo {
	info, _ := ctx.Value(responseInfoKey{}).(*ResponseInfo)
	return info
}

package m3teraccess

import (
	"context"
	"net/http"
)

// A ResponseInfo describes a call for an audit trail: see [WithResponseInto].
type ResponseInfo struct {
	StatusCode int         // of the response to the last attempt; 0 if it got no response, or if the error is an *AuthError
	RequestID  string      // m3ter's id for the request; may be empty
	Header     http.Header // of the response to the last attempt; nil if it got no response, or if the error is an *AuthError
	Attempts   int         // attempts made; 0 if the call failed before the first attempt
}

type responseInfoKey struct{}

// WithResponseInto returns a copy of ctx. A call with this context stores its ResponseInfo in *into, whether or not the
// call succeeds. Use the context for one call at a time: each call, and each page of a list, overwrites the
// ResponseInfo. A call writes nothing to *into after it has returned.
func WithResponseInto(ctx context.Context, into *ResponseInfo) context.Context {
	return context.WithValue(ctx, responseInfoKey{}, into)
}

// begin refuses a nil context, and resets the ResponseInfo of the context.
func begin(ctx context.Context) error {
	if ctx == nil {
		return invalid("context", "a context, such as context.Background()", "is nil")
	}
	if info := responseInfo(ctx); info != nil {
		*info = ResponseInfo{}
	}
	return nil
}

// send sends a call, and stores its ResponseInfo.
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

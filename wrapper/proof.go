package m3teraccess

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// sendOnce keeps net/http from sending a write more than once. By itself it repeats what was lost with a connection, and
// over HTTP/2 what the service reset: requests without a body, and those with a GetBody. So the request gets a body in
// any case, and no GetBody.
func sendOnce(req *http.Request) {
	req.GetBody = nil
	if !isBodyless(req) {
		return
	}
	req.Body = io.NopCloser(strings.NewReader(""))
	req.TransferEncoding = []string{"identity"} // not chunked, as any other body of unknown length is
	switch req.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		// What net/http adds by itself where there is no body. Under its usual name it would leave the header out.
		req.Header["content-length"] = []string{"0"}
	}
}

func isBodyless(req *http.Request) bool { return req.Body == nil || req.Body == http.NoBody }

// A sending is what net/http/httptrace tells of one attempt.
type sending struct {
	isNetHTTP bool   // the transport is an *http.Transport itself
	leaves    func() // nil: nobody wants to know

	asked   atomic.Int32 // for a connection
	got     atomic.Int32 // connections
	headers atomic.Bool  // those of the request were written
	whole   atomic.Int32 // whole requests that were written
	dialing atomic.Int32 // dials under way
	failed  atomic.Bool  // the last look-up, dial or handshake

	mu       sync.Mutex
	failures []error // of look-ups, dials and handshakes
}

// trace asks for no more than is needed: each function is an allocation.
func (s *sending) trace(isRead bool) *httptrace.ClientTrace {
	if isRead {
		return &httptrace.ClientTrace{GotConn: s.gotConn}
	}
	if s.isNetHTTP {
		return &httptrace.ClientTrace{GotConn: s.gotConn, WroteHeaders: func() { s.headers.Store(true) }}
	}
	return &httptrace.ClientTrace{
		GetConn:      func(string) { s.asked.Add(1) },
		GotConn:      s.gotConn,
		DNSDone:      func(info httptrace.DNSDoneInfo) { s.ended(info.Err) },
		ConnectStart: func(_, _ string) { s.dialing.Add(1) },
		ConnectDone: func(_, _ string, err error) {
			s.ended(err)
			s.dialing.Add(-1)
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { s.ended(err) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				s.whole.Add(1)
			}
		},
	}
}

// ended notes how a look-up, a dial or a handshake ended.
func (s *sending) ended(err error) {
	s.failed.Store(err != nil)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failures = append(s.failures, err)
	}
}

// isOfFailure tells whether an error is that of a look-up, a dial or a handshake, and not of what a transport did after it.
func (s *sending) isOfFailure(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.failures, func(failure error) bool { return errors.Is(err, failure) })
}

func (s *sending) gotConn(httptrace.GotConnInfo) {
	s.got.Add(1)
	if s.leaves != nil {
		s.leaves()
	}
}

// isRepeated tells whether the transport has sent the request more than once.
func (s *sending) isRepeated() bool { return s.whole.Load() > 1 }

// proof tells why a write that failed was certainly not done; "" when it may have been. ended is the error of the
// attempt's context: once that is over, a transport may return before its request has ended.
func (s *sending) proof(err, ended error) string {
	if s.neverLeft(err, ended) {
		return "not sent"
	}
	if s.isNetHTTP || s.got.Load() <= 1 { // else only one of several was refused
		return refusal(err)
	}
	return ""
}

// told adds to an error what it does not tell: that it is of another connection than the request was written to.
func (s *sending) told(err error) error {
	if s.whole.Load() > 0 && s.asked.Load() > s.got.Load() {
		return fmt.Errorf("the connection was lost after the request was written, and then: %w", err)
	}
	return err
}

// neverLeft believes the silence of net/http's own transport. Behind any other a request may run on unseen; there a
// dial, look-up or handshake must have failed, the only one, and the error be its own.
func (s *sending) neverLeft(err, ended error) bool {
	if s.isNetHTTP {
		return s.got.Load() == 0 || !s.headers.Load() && ended == nil
	}
	if ended != nil || s.got.Load() > 0 || s.asked.Load() != 1 || s.dialing.Load() > 0 {
		return false
	}
	return s.failed.Load() && s.isOfFailure(err)
}

// withoutAdvice takes off what net/http adds to an error over HTTP/2 after which it would have repeated the request: that
// a GetBody would have let it.
func withoutAdvice(err error) error {
	text, found := strings.CutPrefix(withoutURL(err), "http2: Transport: cannot retry err [")
	text, advised := strings.CutSuffix(text, "] after Request.Body was written; define Request.GetBody to avoid this error")
	if !found || !advised {
		return err
	}
	return errors.New(text)
}

// refusal tells from the error of a round trip why the request was not processed; "" when it may have been. net/http has
// no types for these errors, so their texts are compared, and whatever is worded otherwise proves nothing.
func refusal(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		text := withoutAdvice(err).Error()
		switch {
		case text == "net/http: cannot rewind body after connection loss": // lost before anything was written, or it had been another error
			return "not sent"
		case text == "http2: Transport received Server's graceful shutdown GOAWAY", // with a last stream before that of the request
			strings.HasPrefix(text, "http2: Transport received GOAWAY from server ErrCode:"), // the same, of a new connection
			isRefusedStream(text):
			return "not processed"
		}
	}
	return ""
}

func isRefusedStream(text string) bool {
	text, found := strings.CutPrefix(text, "stream error: stream ID ")
	_, reason, _ := strings.Cut(text, "; ")
	return found && reason == "REFUSED_STREAM; received from peer"
}

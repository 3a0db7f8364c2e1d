package m3teraccess

import (
	"context"
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

// sendOnce keeps net/http from sending a write more than once. By default, net/http may resend a request that was lost
// with a connection or, over HTTP/2, reset by the server, if the request has no body or has a GetBody. So sendOnce
// gives each request a body and no GetBody.
func sendOnce(req *http.Request) {
	req.GetBody = nil
	if !isBodyless(req) {
		return
	}
	req.Body = io.NopCloser(strings.NewReader(""))
	req.TransferEncoding = []string{"identity"} // prevents the chunked encoding of a body of unknown length
	switch req.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		// net/http adds this header to a request without a body. It would ignore the canonical name.
		req.Header["content-length"] = []string{"0"}
	}
}

func isBodyless(req *http.Request) bool { return req.Body == nil || req.Body == http.NoBody }

// A sending records the net/http/httptrace events of one attempt, and makes the transport wait for a slot before it
// resends the request.
type sending struct {
	isNetHTTP bool               // the transport is an *http.Transport itself
	isRead    bool               // a read needs no proof, so only its connections are counted
	leaves    func()             // may be nil
	pace      *pace              // nil for a token request
	ctx       context.Context    // of the attempt
	cancel    context.CancelFunc // of ctx

	asked   atomic.Int32 // requests for a connection
	got     atomic.Int32 // connections
	headers atomic.Bool  // the request headers were written
	whole   atomic.Int32 // requests that were written in full
	dialing atomic.Int32 // dials under way
	failed  atomic.Bool  // the last lookup, dial or handshake failed

	mu       sync.Mutex
	failures []error // of lookups, dials and handshakes
	noSlot   error   // why a resend got no slot
}

// trace sets only the functions that are needed: each one costs an allocation.
func (s *sending) trace() *httptrace.ClientTrace {
	if s.isRead {
		return &httptrace.ClientTrace{GotConn: s.gotConn}
	}
	asked := func(string) { s.asked.Add(1) }
	if s.isNetHTTP {
		return &httptrace.ClientTrace{GetConn: asked, GotConn: s.gotConn, WroteHeaders: func() { s.headers.Store(true) }}
	}
	return &httptrace.ClientTrace{
		GetConn:      asked,
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

// ended records the result of a lookup, a dial or a handshake.
func (s *sending) ended(err error) {
	s.failed.Store(err != nil)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failures = append(s.failures, err)
	}
}

// isOfFailure reports whether an error comes from a lookup, a dial or a handshake, and not from a later step of a
// transport.
func (s *sending) isOfFailure(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.failures, func(failure error) bool { return errors.Is(err, failure) })
}

func (s *sending) gotConn(httptrace.GotConnInfo) {
	switch resent := s.got.Add(1) > 1; {
	case resent && s.pace != nil: // m3ter counts each request
		if _, err := s.pace.wait(s.ctx); err != nil {
			s.mu.Lock()
			s.noSlot = err
			s.mu.Unlock()
			s.cancel()
		}
	case s.leaves != nil:
		s.leaves()
	}
}

// refused returns the error of the caller's limiter that kept the transport from resending the request.
func (s *sending) refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.noSlot, context.DeadlineExceeded) { // the deadline of the attempt
		return nil
	}
	return s.noSlot
}

// isRepeated reports whether the recorded events show that the transport has sent the request more than once.
func (s *sending) isRepeated() bool { return s.whole.Load() > 1 }

// proof returns why a failed request was certainly not carried out, or "" if it may have been. ended is the error of
// the attempt's context: when the context is done, a transport may return while it is still sending the request.
func (s *sending) proof(err, ended error) string {
	if s.neverLeft(err, ended) {
		return "not sent"
	}
	if s.isNetHTTP || s.got.Load() <= 1 { // otherwise only one of several requests was refused
		return refusal(err)
	}
	return ""
}

// explain adds to the error that the request was written to one connection and that the next connection failed, if that
// is what happened.
func (s *sending) explain(err error) error {
	if s.whole.Load() > 0 && s.asked.Load() > s.got.Load() {
		return fmt.Errorf("the request was written to one connection, and the next connection failed: %w", err)
	}
	return err
}

// neverLeft reports whether the request was certainly not sent. net/http's own transport reports each step of a write,
// so a missing step is proof, with one exception: if that transport did not ask for a connection, a protocol added by
// RegisterProtocol may have sent the write. For any other transport, neverLeft requires that the transport asked for
// one connection, and returned the error of its lookup, dial or handshake before the context was done.
func (s *sending) neverLeft(err, ended error) bool {
	if s.isNetHTTP && s.isRead {
		return s.got.Load() == 0
	}
	if s.isNetHTTP {
		return s.asked.Load() > 0 && (s.got.Load() == 0 || !s.headers.Load() && ended == nil)
	}
	if ended != nil || s.got.Load() > 0 || s.asked.Load() != 1 || s.dialing.Load() > 0 {
		return false
	}
	return s.failed.Load() && s.isOfFailure(err)
}

// withoutAdvice removes the advice to define Request.GetBody, which net/http adds to some HTTP/2 errors.
func withoutAdvice(err error) error {
	text, found := strings.CutPrefix(withoutURL(err), "http2: Transport: cannot retry err [")
	text, advised := strings.CutSuffix(text, "] after Request.Body was written; define Request.GetBody to avoid this error")
	if !found || !advised {
		return err
	}
	return errors.New(text)
}

// refusal returns why the request was certainly not processed, or "" if it may have been processed. net/http has no
// types for the errors that prove this, so refusal compares the texts of errors.
func refusal(err error) string {
	if errors.As(err, new(bodyError)) {
		return ""
	}
	for ; err != nil; err = errors.Unwrap(err) {
		text := withoutAdvice(err).Error()
		switch {
		case text == "net/http: cannot rewind body after connection loss": // lost before anything was written; otherwise the error differs
			return "not sent"
		case text == "http2: Transport received Server's graceful shutdown GOAWAY", // the last processed stream is older than the request
			strings.HasPrefix(text, "http2: Transport received GOAWAY from server ErrCode:"), // the same, on a new connection
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

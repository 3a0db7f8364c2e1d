package m3tertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// A Request is a request that the server received, and its result.
type Request struct {
	// Operation is the operationId, such as "CreatePermissionPolicy", or one of "Token", "GetSupport",
	// "ListPermissionPolicies", "ListUsers" and "GetResourceGroup". It is "" if the request matches no operation.
	Operation string
	Method    string      // as received
	Path      string      // escaped, as received
	Query     url.Values  // decoded
	Header    http.Header // as received, including the credentials
	Body      []byte      // the first MiB; nil until the server reads it
	Status    int         // 0 if no response has been sent
	Applied   bool        // whether the request changed the state, which it may have done even if its response was lost
	Time      time.Time   // when the request arrived
}

func (r Request) clone() Request {
	r.Query = url.Values(http.Header(r.Query).Clone())
	r.Header = r.Header.Clone()
	r.Body = bytes.Clone(r.Body)
	return r
}

// Requests returns copies of all requests so far, including token requests, in the order of their arrival.
func (s *Server) Requests() []Request {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	requests := slices.Clone(s.record.requests)
	for i := range requests {
		requests[i] = requests[i].clone()
	}
	return requests
}

type record struct {
	mu       sync.Mutex
	requests []Request
}

// add records a request and returns a function that changes its record.
func (rec *record) add(request Request) (note func(func(*Request))) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	i := len(rec.requests)
	rec.requests = append(rec.requests, request)
	return func(change func(*Request)) {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		change(&rec.requests[i])
	}
}

// progress is the state of a request that passes through the layers.
type progress struct {
	note  func(func(*Request)) // changes the recorded request
	fault Fault                // the scripted failure
}

type progressKey struct{}

func progressOf(r *http.Request) *progress { return r.Context().Value(progressKey{}).(*progress) }

// received records each request and chooses its fault. It passes on a copy of the http.Request, which the other layers
// may change.
func (s *Server) received(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := Request{
			Operation: s.operation(r).name,
			Method:    r.Method,
			Path:      r.URL.EscapedPath(),
			Query:     r.URL.Query(),
			Header:    r.Header.Clone(),
			Time:      time.Now(),
		}
		x := &progress{note: s.record.add(request), fault: s.faults.next(r.Context(), request)}
		answer := &statusWriter{w, func(status int) { x.note(func(kept *Request) { kept.Status = status }) }}
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), progressKey{}, x)))
	})
}

// maxBody is the size of a request body, in bytes, above which the server responds with 413.
const maxBody = 1 << 20

// withBody reads the body of a request and passes the request on.
func withBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil { // a test may pass the request of a client to ServeHTTP
			r.Body = http.NoBody
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		progressOf(r).note(func(kept *Request) { kept.Body = body })
		if err != nil {
			writeError(w, bodyError(err))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	return refuse(http.StatusBadRequest, "the body can't be read: %v", err)
}

// applying records which writes changed the state: the successful ones.
func (s *Server) applying(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isWrite(r.Method) && s.operation(r).name != "Token" {
			w = &statusWriter{w, func(status int) {
				progressOf(r).note(func(kept *Request) { kept.Applied = status == http.StatusOK })
			}}
		}
		next.ServeHTTP(w, r)
	})
}

func isWrite(method string) bool {
	return !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, method)
}

// A statusWriter records the status before it sends the header. A caller that has received a response therefore finds
// the status in [Server.Requests].
type statusWriter struct {
	http.ResponseWriter
	onStatus func(int)
}

func (w *statusWriter) WriteHeader(status int) {
	w.onStatus(status)
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

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

// A Request is what the server received, and what became of it.
type Request struct {
	// Operation is the operationId, as "CreatePermissionPolicy"; or "Token", "GetSupport", "ListPermissionPolicies",
	// "ListUsers", "GetResourceGroup"; "" when there is none.
	Operation string
	Method    string      // as received
	Path      string      // escaped, as received
	Query     url.Values  // decoded
	Header    http.Header // as received, the credentials included
	Body      []byte      // the first MiB; nil while it isn't read
	Status    int         // 0 while the answer is awaited, and when none was sent
	Applied   bool        // it was a write and changed the state, also when its answer was lost
	Time      time.Time   // when the request came
}

func (r Request) clone() Request {
	r.Query = url.Values(http.Header(r.Query).Clone())
	r.Header = r.Header.Clone()
	r.Body = bytes.Clone(r.Body)
	return r
}

// Requests returns a copy of every request received so far, token requests included, in the order in which they
// came.
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

// add keeps a request and returns the function by which the layers complete it.
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

// progress is what the layers know of a request beside the request itself.
type progress struct {
	note  func(func(*Request)) // changes the request in the record
	fault Fault                // what goes wrong with it
}

type progressKey struct{}

func progressOf(r *http.Request) *progress { return r.Context().Value(progressKey{}).(*progress) }

// received keeps each request in the record and chooses its fault. It hands on a copy of the http.Request, which
// the other layers may change.
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

// maxBody is the size of a request body, in bytes, above which the answer is 413.
const maxBody = 1 << 20

// withBody hands a request on with its body read.
func withBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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

// applying notes the writes that were carried out: those that succeed.
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

// statusWriter reports the status before it is sent, so that whoever has the answer finds it recorded.
type statusWriter struct {
	http.ResponseWriter
	onStatus func(int)
}

func (w *statusWriter) WriteHeader(status int) {
	w.onStatus(status)
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

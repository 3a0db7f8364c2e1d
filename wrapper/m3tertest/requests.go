package m3tertest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// A Request is what the server received, and the status that it answered.
type Request struct {
	Operation string      // operationId, as "CreatePermissionPolicy"; "Token", "GetSupport", "GetResourceGroup"; "" when there is none
	Method    string      // as received
	Path      string      // escaped, as received
	Query     url.Values  // decoded
	Header    http.Header // as received, the credentials included
	Body      []byte      // the first MiB
	Status    int         // 0 while the answer is awaited
	Time      time.Time   // when the request came
}

// Requests returns a copy of every request received so far, token requests included, in the order in which they
// came.
func (s *Server) Requests() []Request {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	requests := slices.Clone(s.record.requests)
	for i := range requests {
		requests[i].Query = url.Values(http.Header(requests[i].Query).Clone())
		requests[i].Header = requests[i].Header.Clone()
		requests[i].Body = bytes.Clone(requests[i].Body)
	}
	return requests
}

type record struct {
	mu       sync.Mutex
	requests []Request
}

// add keeps a request and returns the function that completes it with the status of its answer.
func (rec *record) add(request Request) (answered func(status int)) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	i := len(rec.requests)
	rec.requests = append(rec.requests, request)
	return func(status int) {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		rec.requests[i].Status = status
	}
}

// maxBody is the size of a request body, in bytes, above which the answer is 413.
const maxBody = 1 << 20

// recorded keeps each request, and hands it on with its body read.
func (s *Server) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received := time.Now()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		answered := s.record.add(Request{
			Operation: s.operation(r),
			Method:    r.Method,
			Path:      r.URL.EscapedPath(),
			Query:     r.URL.Query(),
			Header:    r.Header.Clone(),
			Body:      body,
			Time:      received,
		})
		w = &statusWriter{ResponseWriter: w, onStatus: answered}
		if err != nil {
			writeError(w, bodyError(err))
			return
		}
		withBody := *r
		withBody.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, &withBody)
	})
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	return refuse(http.StatusBadRequest, "the body can't be read: %v", err)
}

// statusWriter reports the status before it is sent, so that whoever has the answer finds the status recorded.
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

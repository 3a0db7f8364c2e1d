package m3tertest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// A rateLimit holds the largest number of requests that the server accepts in a second, and the times of the requests
// that it accepted in the last second.
type rateLimit struct {
	most int

	mu       sync.Mutex
	accepted []time.Time
}

// accept reports whether the server accepts one more request now, and counts the request if so. A request that arrived
// exactly a second ago no longer counts.
func (l *rateLimit) accept() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	received := time.Now()
	l.accepted = slices.DeleteFunc(l.accepted, func(t time.Time) bool { return received.Sub(t) >= time.Second })
	if len(l.accepted) >= l.most {
		return false
	}
	l.accepted = append(l.accepted, received)
	return true
}

// limited refuses requests over the limit. It comes before authenticated, so requests with refused access tokens count
// too. This is the stricter rule for a client.
func (s *Server) limited(next http.Handler) http.Handler {
	if s.rate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != tokenPath && !s.rate.accept() {
			writeError(w, refuse(http.StatusTooManyRequests, "the rate limit of %d requests per second is exceeded", s.rate.most))
			return
		}
		next.ServeHTTP(w, r)
	})
}

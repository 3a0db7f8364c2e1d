package m3tertest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// rateLimit is how many requests the server accepts in a second, with the times of the last second's requests.
type rateLimit struct {
	most int

	mu       sync.Mutex
	accepted []time.Time
}

// accept reports whether the server accepts one more request now. A request that arrived exactly a second ago does not
// count.
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

// limited refuses requests over the limit. It comes before authenticated, so requests with refused tokens count too:
// that is the stricter rule for a client.
func (s *Server) limited(next http.Handler) http.Handler {
	if s.rate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != tokenPath && !s.rate.accept() {
			writeError(w, refuse(http.StatusTooManyRequests, "more than %d requests in a second", s.rate.most))
			return
		}
		next.ServeHTTP(w, r)
	})
}

package m3tertest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// rateLimit is how many requests are accepted in a second, and when those of the last second were.
type rateLimit struct {
	most int

	mu       sync.Mutex
	accepted []time.Time
}

// accept is whether one more request may come in now. The second is half open: a request that came exactly a second
// ago doesn't count any more.
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

// limited refuses requests over the limit. It stands in front of authenticated: a client that may not rely on
// refused tokens being free is the safer one.
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

package m3tertest

import (
	"net"
	"net/http"
	"sync"
)

// serving is an http.Server at work on one listener, and the count of its goroutines.
type serving struct {
	server http.Server
	group  sync.WaitGroup
}

func serve(listener net.Listener, handler http.Handler) *serving {
	s := &serving{}
	s.server.Handler = handler
	s.server.ConnState = s.count
	s.group.Go(func() {
		_ = s.server.Serve(listener) // always http.ErrServerClosed, after close
		// close can run between the acceptance of a connection and its registration, and then misses it.
		_ = s.server.Close()
	})
	return s
}

// count keeps one in the group for each connection, since http.Server has no way to wait for its handlers after
// Close.
func (s *serving) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.group.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.group.Done()
	}
}

func (s *serving) close() {
	_ = s.server.Close()
	s.group.Wait()
}

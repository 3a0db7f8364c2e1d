package m3tertest

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// serving is an http.Server at work on one listener, and the count of its goroutines.
type serving struct {
	server http.Server
	cancel context.CancelFunc // ends the context of all requests
	group  sync.WaitGroup
}

func serve(listener net.Listener, handler http.Handler) *serving {
	ctx, cancel := context.WithCancel(context.Background())
	s := &serving{cancel: cancel}
	s.server.Handler = handler
	s.server.BaseContext = func(net.Listener) context.Context { return ctx }
	s.server.ConnState = s.count
	s.group.Go(func() {
		_ = s.server.Serve(listener) // always http.ErrServerClosed, after close
		// close can run between the acceptance of a connection and its registration, and then misses it.
		_ = s.server.Close()
	})
	return s
}

// count keeps one in the group for each connection, since http.Server has no way to wait for its handlers after
// Close. One that a fault takes over to close it has nothing to do after that.
func (s *serving) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.group.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.group.Done()
	}
}

// close ends the contexts itself, since http.Server learns from a closed connection only where it reads: not while
// the body of a request is unread.
func (s *serving) close() {
	_ = s.server.Close()
	s.cancel()
	s.group.Wait()
}

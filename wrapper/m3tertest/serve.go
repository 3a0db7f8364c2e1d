package m3tertest

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// serving is an http.Server on one listener. Its group counts the serving goroutine and the connections.
type serving struct {
	server http.Server
	cancel context.CancelFunc // cancels the context of all requests
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
		// If close runs between the acceptance of a connection and its registration, close misses the connection.
		_ = s.server.Close()
	})
	return s
}

// count counts the connections in the group, since http.Server can't wait for its handlers after Close. A hijacked
// connection needs no count.
func (s *serving) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.group.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.group.Done()
	}
}

// close cancels the contexts itself: http.Server notices that a connection is closed only after the whole request body
// has been read.
func (s *serving) close() {
	_ = s.server.Close()
	s.cancel()
	s.group.Wait()
}

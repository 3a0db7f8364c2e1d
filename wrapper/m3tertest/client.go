package m3tertest

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// Client returns an HTTP client whose connections, to any host, are in-memory pipes to this server. The client speaks
// http, not https, and follows redirects like any http.Client.
//
// Client and the requests of the returned client start goroutines that belong to the caller's testing/synctest bubble,
// if there is one. The goroutines end with [Server.Close], which the test must call in the same bubble. After Close,
// the client can't connect.
func (s *Server) Client() *http.Client {
	pipes := newPipeListener()
	transport := &http.Transport{DialContext: pipes.dial}
	serving := serve(pipes, s)
	s.onClose(func() {
		serving.close()
		transport.CloseIdleConnections()
	})
	return &http.Client{Transport: transport}
}

// pipeListener is a net.Listener whose connections are made by its method dial.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func newPipeListener() *pipeListener {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.close()
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

package m3teraccess

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A network connects the default client with a server, in memory and over TLS. It can drop a connection silently.
type network struct {
	*http.Client
	conns []*droppable
}

// newNetwork starts a server that answers every request. Call it in a bubble.
func newNetwork(t *testing.T, protocol string) *network {
	transport := defaultHTTPClient().Transport.(*http.Transport).Clone()
	n := &network{Client: &http.Client{Transport: transport}}
	listener := &pipeListener{conns: make(chan net.Conn)}
	listener.done, listener.end = context.WithCancel(t.Context())
	server := &httptest.Server{Listener: listener, EnableHTTP2: protocol == "h2", Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"data":[]}`)
		}),
	}}
	server.StartTLS()
	trusting := server.Client().Transport.(*http.Transport).TLSClientConfig
	transport.TLSClientConfig = &tls.Config{RootCAs: trusting.RootCAs, ServerName: "example.com", NextProtos: []string{protocol}}
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		conn := &droppable{Conn: client, closed: make(chan struct{})}
		n.conns = append(n.conns, conn)
		listener.conns <- server
		return conn, nil
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return n
}

type pipeListener struct {
	conns chan net.Conn
	done  context.Context
	end   func()
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done.Done():
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { l.end(); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// A droppable connection carries nothing after a drop, without an error.
type droppable struct {
	net.Conn
	dropped  atomic.Bool
	closed   chan struct{}
	isClosed atomic.Bool
	written  atomic.Int64 // the time of the last write, in nanoseconds
}

func (c *droppable) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.dropped.Load() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *droppable) Write(p []byte) (int, error) {
	c.written.Store(time.Now().UnixNano())
	if c.dropped.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *droppable) Close() error {
	if c.isClosed.CompareAndSwap(false, true) {
		close(c.closed)
	}
	return c.Conn.Close()
}

// The client soon leaves a connection that the network dropped silently. The first read after the drop succeeds.
func TestSilentConnections(t *testing.T) {
	for _, idle := range []time.Duration{0, 2 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t, "h2")
			client := newScripted(t, &script{}, WithHTTPClient(n.Client), withToken1)
			if err := doRead(t, client); err != nil {
				t.Fatal(err)
			}
			n.conns[0].dropped.Store(true)
			time.Sleep(idle)
			start := time.Now()
			if err := doRead(t, client); err != nil || time.Since(start) > 10*time.Second {
				t.Errorf("after %v of silence: %v after %v", idle, err, time.Since(start))
			}
			if len(n.conns) != 2 || !n.conns[0].isClosed.Load() {
				t.Errorf("%d connections; the first is closed: %v", len(n.conns), n.conns[0].isClosed.Load())
			}
		})
	}
}

// The client closes an idle connection before a gateway does, and sends no more pings.
func TestIdleConnections(t *testing.T) {
	for _, protocol := range []string{"h2", "http/1.1"} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t, protocol)
			client := newScripted(t, &script{}, WithHTTPClient(n.Client), withToken1)
			if err := doRead(t, client); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			time.Sleep(20 * time.Second)
			early := n.conns[0].isClosed.Load()
			time.Sleep(35 * time.Second)
			if late := n.conns[0].isClosed.Load(); early || !late {
				t.Errorf("%s: closed after 20 seconds: %v, after 55 seconds: %v", protocol, early, late)
			}
			time.Sleep(time.Hour)
			if last := time.Unix(0, n.conns[0].written.Load()).Sub(start); last > time.Minute {
				t.Errorf("%s: written to after %v", protocol, last)
			}
			if err := doRead(t, client); err != nil || len(n.conns) != 2 {
				t.Errorf("%s: %v over connection %d", protocol, err, len(n.conns))
			}
		})
	}
}

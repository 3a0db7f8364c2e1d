package m3teraccess

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A network carries the default client's connections to a server, in memory and over TLS, until it is told to drop them
// without a word.
type network struct {
	*http.Client
	conns []*droppable
}

// newNetwork starts a server that answers every request. It is to be called in a bubble.
func newNetwork(t *testing.T, protocol string) *network {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS() // for its certificate
	certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())

	transport := defaultHTTPClient().Transport.(*http.Transport).Clone()
	n := &network{Client: &http.Client{Transport: transport}}
	listener := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com", NextProtos: []string{protocol}}
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		conn := &droppable{Conn: client, closed: make(chan struct{})}
		n.conns = append(n.conns, conn)
		listener.conns <- server
		return conn, nil
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"data":[]}`)
		}),
		TLSConfig: &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: []string{protocol}},
	}
	go server.ServeTLS(listener, "", "")
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return n
}

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { close(l.done); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// A droppable connection may be dropped: then nothing arrives any more, and nobody is told.
type droppable struct {
	net.Conn
	dropped  atomic.Bool
	closed   chan struct{}
	isClosed atomic.Bool
	written  atomic.Int64 // when, in nanoseconds
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

// A connection that the network dropped without a word is left soon: the first read after it succeeds.
func TestSilentConnections(t *testing.T) {
	for _, idle := range []time.Duration{0, 2 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t, "h2")
			client := newScripted(t, &script{}, WithHTTPClient(n.Client), withToken1)
			if err := methods[3].call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			n.conns[0].dropped.Store(true)
			time.Sleep(idle)
			start := time.Now()
			if err := methods[3].call(t.Context(), client); err != nil || time.Since(start) > 10*time.Second {
				t.Errorf("after %v of silence: %v after %v", idle, err, time.Since(start))
			}
			if len(n.conns) != 2 {
				t.Errorf("%d connections", len(n.conns))
			}
			if left := n.conns[0].isClosed.Load(); !left {
				t.Error("the silent connection is kept")
			}
		})
	}
}

// An idle connection is closed before a gateway does, and pings end with it.
func TestIdleConnections(t *testing.T) {
	for _, protocol := range []string{"h2", "http/1.1"} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t, protocol)
			client := newScripted(t, &script{}, WithHTTPClient(n.Client), withToken1)
			if err := methods[3].call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			time.Sleep(20 * time.Second)
			if n.conns[0].isClosed.Load() {
				t.Errorf("%s: closed early", protocol)
			}
			time.Sleep(35 * time.Second)
			if !n.conns[0].isClosed.Load() {
				t.Errorf("%s: still there after 55 s", protocol)
			}
			time.Sleep(time.Hour)
			if last := time.Unix(0, n.conns[0].written.Load()).Sub(start); last > time.Minute {
				t.Errorf("%s: written to after %v", protocol, last)
			}
			if err := methods[3].call(t.Context(), client); err != nil || len(n.conns) != 2 {
				t.Errorf("%s: %v over connection %d", protocol, err, len(n.conns))
			}
		})
	}
}

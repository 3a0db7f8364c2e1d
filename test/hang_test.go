package test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// wrapped hides the type of a transport, like a transport for tracing.
type wrapped struct{ http.RoundTripper }

// plainAndWrapped returns a transport by whether it is wrapped.
func plainAndWrapped(transport http.RoundTripper) map[bool]http.RoundTripper {
	return map[bool]http.RoundTripper{false: transport, true: wrapped{transport}}
}

const shortTimeout = 200 * time.Millisecond

// net/http's own transport sends no request on a connection that it establishes after the attempt has ended. Another
// transport might send the request, so the outcome is unknown.
func TestConnectionsThatHang(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections, and sends nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var dialer net.Dialer
	for name, hangs := range map[string]func(context.Context) (net.Conn, error){
		"dial": func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"handshake": func(ctx context.Context) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", silent.Addr().String())
		},
	} {
		for _, isWrapped := range []bool{false, true} {
			server := newRawH2(t, func(int) reaction { return answered() })
			var dials atomic.Int32
			server.client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1) == 1 {
					return hangs(ctx)
				}
				return dialer.DialContext(ctx, network, addr)
			}
			err := create(t, newUncheckedClient(t, server.URL, plainAndWrapped(server.client)[isWrapped], m3teraccess.WithTimeout(shortTimeout)))
			applied := server.applied.Load()
			if unknown := errors.Is(err, m3teraccess.ErrOutcomeUnknown); unknown != isWrapped || applied == 1 == isWrapped {
				t.Errorf("%s, wrapped %t: applied %d times: %v", name, isWrapped, applied, err)
			}
		}
	}
}

// If a transport returns before its request has ended, the outcome is unknown, even without a connection.
func TestTransportThatReturnsEarly(t *testing.T) {
	server := newRawH2(t, func(int) reaction { return answered() })
	release, delivered := make(chan struct{}), make(chan struct{})
	server.client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		<-release
		return new(net.Dialer).DialContext(context.WithoutCancel(ctx), network, addr)
	}
	detached := transportFunc(func(req *http.Request) (*http.Response, error) {
		go func() {
			defer close(delivered)
			if resp, err := server.client.RoundTrip(req.WithContext(context.WithoutCancel(req.Context()))); err == nil {
				resp.Body.Close()
			}
		}()
		<-req.Context().Done()
		return nil, req.Context().Err()
	})
	err := create(t, newUncheckedClient(t, server.URL, detached, m3teraccess.WithTimeout(shortTimeout)))
	close(release)
	<-delivered
	if applied := server.applied.Load(); applied != 1 || !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
		t.Errorf("applied %d times: %v", applied, err)
	}
}

// A call fails if the status is 101, for which the client did not ask.
func TestSwitchingProtocols(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveEach(t, listener, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn) // until the client closes the connection
	})
	url := "http://" + listener.Addr().String()
	for _, transport := range plainAndWrapped(newTransport(t)) {
		client := newUncheckedClient(t, url, transport, m3teraccess.WithTimeout(time.Minute))
		for _, call := range calls {
			err := call.do(t.Context(), client)
			if err == nil || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != call.write {
				t.Errorf("%s: %v", call.name, err)
			}
		}
		err := create(t, newUncheckedClient(t, url, transport, m3teraccess.WithTimeout(time.Minute), withKey))
		if !errors.As(err, new(*m3teraccess.AuthError)) {
			t.Errorf("a token: %v", err)
		}
	}
}

// A call whose response body hangs returns when its attempt times out or its context is done.
func TestBodiesThatHang(t *testing.T) {
	for name, newBody := range map[string]func() io.ReadCloser{
		"until it is closed": func() io.ReadCloser {
			r, _ := io.Pipe()
			return r
		},
		"forever":       func() io.ReadCloser { return io.NopCloser(stuck{}) },
		"in Close, too": func() io.ReadCloser { return stuck{} },
		"in Close, when read": func() io.ReadCloser {
			return struct {
				io.Reader
				io.Closer
			}{strings.NewReader(`{"id":"1"}`), stuck{}}
		},
	} {
		transport := transportFunc(func(req *http.Request) (*http.Response, error) {
			header := http.Header{"Content-Type": {"application/json"}}
			return &http.Response{StatusCode: 200, Header: header, Body: newBody(), ContentLength: -1, Request: req}, nil
		})
		for _, byContext := range []bool{false, true} {
			ctx, timeout, want := t.Context(), 50*time.Millisecond, os.ErrDeadlineExceeded
			if byContext {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
				timeout, want = time.Minute, context.DeadlineExceeded
			}
			client := newUncheckedClient(t, "http://localhost", transport, m3teraccess.WithTimeout(timeout))
			for _, call := range calls {
				err := call.do(ctx, client)
				if !errors.Is(err, want) || ctx.Err() == nil && errors.Is(err, m3teraccess.ErrOutcomeUnknown) != call.write {
					t.Errorf("%s, by context %t: %s: %v", name, byContext, call.name, err)
				}
			}
		}
	}
}

// The methods of a stuck body never return.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { select {} }
func (stuck) Close() error             { select {} }

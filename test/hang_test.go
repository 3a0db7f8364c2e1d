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

// wrapped hides the type of a transport, as a transport that traces does.
type wrapped struct{ http.RoundTripper }

// plainAndWrapped are a transport as it is, and wrapped.
func plainAndWrapped(transport http.RoundTripper) map[bool]http.RoundTripper {
	return map[bool]http.RoundTripper{false: transport, true: wrapped{transport}}
}

const short = 200 * time.Millisecond // the timeout of an attempt here

// A request doesn't leave on a connection that is still being made when the attempt ends. The client trusts net/http's
// own transport in this; behind any other, the request might run on.
func TestConnectionsThatHang(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
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
			err := create(t, newUncheckedClient(t, server.URL, plainAndWrapped(server.client)[isWrapped], m3teraccess.WithTimeout(short)))
			applied := server.applied.Load()
			if unknown := errors.Is(err, m3teraccess.ErrOutcomeUnknown); unknown != isWrapped || applied == 1 == isWrapped {
				t.Errorf("%s, wrapped %t: applied %d times: %v", name, isWrapped, applied, err)
			}
		}
	}
}

// A transport may return while its request runs on. That it has no connection yet proves nothing.
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
	err := create(t, newUncheckedClient(t, server.URL, detached, m3teraccess.WithTimeout(short)))
	close(release)
	<-delivered
	if applied := server.applied.Load(); applied != 1 || !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
		t.Errorf("applied %d times: %v", applied, err)
	}
}

// A 101 that the client didn't ask for is a failure of every call.
func TestSwitchingProtocols(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveEach(t, listener, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn) // until the client leaves
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

// A call ends with its attempt or its context, even if the response body hangs.
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

// A stuck body never returns.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { select {} }
func (stuck) Close() error             { select {} }

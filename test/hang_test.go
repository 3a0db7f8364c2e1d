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

// wrapped hides the type of a transport, as one that traces does.
type wrapped struct{ http.RoundTripper }

const short = 200 * time.Millisecond // the timeout of an attempt here

// A connection that is still being made when the attempt ends carries nothing. That is believed of net/http's own transport;
// behind any other the request might run on.
func TestConnectionsThatHang(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, hangs := range map[string]func(context.Context) (net.Conn, error){
		"dial": func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"handshake": func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", silent.Addr().String())
		},
	} {
		for _, isWrapped := range []bool{false, true} {
			service := newRawH2(t, func(int) reaction { return answered() })
			var dials atomic.Int32
			service.client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1) == 1 {
					return hangs(ctx)
				}
				return new(net.Dialer).DialContext(ctx, network, addr)
			}
			var transport http.RoundTripper = service.client
			if isWrapped {
				transport = wrapped{transport}
			}
			client := onceClient(t, service.URL, transport, m3teraccess.WithTimeout(short))
			_, err := client.CreatePermissionPolicy(t.Context(), policyRequest())
			_, applied := service.counts()
			if unknown := errors.Is(err, m3teraccess.ErrOutcomeUnknown); unknown != isWrapped || applied == 1 == isWrapped {
				t.Errorf("%s, wrapped %t: applied %d times: %v", name, isWrapped, applied, err)
			}
		}
	}
}

// A transport that returns while its request runs on proves nothing by having no connection yet.
func TestTransportThatRunsOn(t *testing.T) {
	service := newRawH2(t, func(int) reaction { return answered() })
	release, delivered := make(chan struct{}), make(chan struct{})
	service.client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		<-release
		return new(net.Dialer).DialContext(context.WithoutCancel(ctx), network, addr)
	}
	detached := roundTripper(func(req *http.Request) (*http.Response, error) {
		go func() {
			defer close(delivered)
			if resp, err := service.client.RoundTrip(req.WithContext(context.WithoutCancel(req.Context()))); err == nil {
				resp.Body.Close()
			}
		}()
		<-req.Context().Done()
		return nil, req.Context().Err()
	})
	client := onceClient(t, service.URL, detached, m3teraccess.WithTimeout(short))
	_, err := client.CreatePermissionPolicy(t.Context(), policyRequest())
	close(release)
	<-delivered
	if _, applied := service.counts(); applied != 1 || !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
		t.Errorf("applied %d times: %v", applied, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// switching is a service that answers every request with a 101, and then says nothing.
func switching(t *testing.T) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn) // until the client leaves
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// A 101 that nobody asked for is a failure, of whatever call.
func TestSwitchingProtocols(t *testing.T) {
	url := switching(t)
	for _, isWrapped := range []bool{false, true} {
		var transport http.RoundTripper = newTransport(t)
		if isWrapped {
			transport = wrapped{transport}
		}
		client := onceClient(t, url, transport, m3teraccess.WithTimeout(time.Minute))
		for _, call := range calls {
			err := call.do(t.Context(), client)
			if err == nil || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != call.write {
				t.Errorf("%s: %v", call.name, err)
			}
		}
		client = onceClient(t, url, transport, m3teraccess.WithTimeout(time.Minute), m3teraccess.WithCredentials("key", "secret"))
		if _, err := client.CreatePermissionPolicy(t.Context(), policyRequest()); !errors.As(err, new(*m3teraccess.AuthError)) {
			t.Errorf("a token: %v", err)
		}
	}
}

// Whatever a body does, the call ends with its attempt or its context.
func TestBodiesThatHang(t *testing.T) {
	for name, newBody := range map[string]func() io.ReadCloser{
		"until it is closed": func() io.ReadCloser {
			r, _ := io.Pipe()
			return r
		},
		"for ever":      func() io.ReadCloser { return &stuck{} },
		"in Close, too": func() io.ReadCloser { return &stuck{closing: true} },
		"in Close, when read": func() io.ReadCloser {
			return struct {
				io.Reader
				io.Closer
			}{strings.NewReader(`{"id":"1"}`), &stuck{closing: true}}
		},
	} {
		transport := roundTripper(func(req *http.Request) (*http.Response, error) {
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
			client := onceClient(t, "http://localhost", transport, m3teraccess.WithTimeout(timeout))
			for _, call := range calls {
				err := call.do(ctx, client)
				if !errors.Is(err, want) || ctx.Err() == nil && errors.Is(err, m3teraccess.ErrOutcomeUnknown) != call.write {
					t.Errorf("%s, by context %t: %s: %v", name, byContext, call.name, err)
				}
			}
		}
	}
}

// A stuck body ends with nothing.
type stuck struct{ closing bool }

func (*stuck) Read([]byte) (int, error) { select {} }

func (s *stuck) Close() error {
	if s.closing {
		select {}
	}
	return nil
}

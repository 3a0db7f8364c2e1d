package m3teraccess

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCookiesOfTheJarTravel(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	counting := &countingJar{CookieJar: jar}
	s := &script{steps: []step{answers(200, `{"id":"1"}`, "Set-Cookie: lane=blue")}}
	client := newScripted(t, s, WithHTTPClient(&http.Client{Transport: s, Jar: counting}))
	if err := errors.Join(doRead(t, client), doRead(t, client)); err != nil {
		t.Fatal(err)
	}
	first, second := s.attempts[0].Header.Get("Cookie"), s.attempts[1].Header.Get("Cookie")
	if first != "" || second != "lane=blue" || counting.set != 1 {
		t.Errorf("sent %q, then %q; the jar got cookies %d times", first, second, counting.set)
	}
}

type countingJar struct {
	http.CookieJar
	set int
}

func (j *countingJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.set++
	j.CookieJar.SetCookies(u, cookies)
}

// The shorter of the two timeouts applies to an attempt.
func TestTimeoutOfTheHTTPClient(t *testing.T) {
	for _, test := range []struct{ client, option, want time.Duration }{
		{time.Second, time.Minute, time.Second},
		{time.Minute, time.Second, time.Second},
		{0, time.Second, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{hangs}}
			limited := &http.Client{Transport: s, Timeout: test.client}
			start := time.Now()
			err := doRead(t, newScripted(t, s, WithHTTPClient(limited), WithTimeout(test.option), onceOnly))
			if took := time.Since(start); took != test.want || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v and %v: it ended after %v: %v", test.client, test.option, took, err)
			}
		})
	}
}

// A transport that changes a request doesn't change the next attempt.
func TestTransportThatChangesRequests(t *testing.T) {
	s := &script{steps: []step{answers(503, `{}`), answers(503, `{}`)}}
	prefix := step(func(req *http.Request) (*http.Response, error) {
		req.URL.Path = "/proxy" + req.URL.Path
		req.Header.Add("Via", "proxy")
		return s.RoundTrip(req)
	})
	if err := doRead(t, newScripted(t, s, WithHTTPClient(&http.Client{Transport: prefix}), atOnce)); err != nil {
		t.Fatal(err)
	}
	last := s.attempts[2]
	if last.URL.Path != "/proxy/organizations/org/users/user/permissions" || len(last.Header["Via"]) != 1 {
		t.Errorf("the third attempt went to %s, by %q", last.URL.Path, last.Header["Via"])
	}
}

// The error reports a server without TLS.
func TestHTTPServerAtAnHTTPSAddress(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := "https" + strings.TrimPrefix(server.URL, "http")
	client := newScripted(t, &script{}, WithHTTPClient(server.Client()), WithBaseURL(address), withToken1, onceOnly)
	if err := doRead(t, client); !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("got %v", err)
	}
}

// A transport that breaks the rules causes an error, not a panic.
func TestTransportWithoutAnAnswer(t *testing.T) {
	for name, resp := range map[string]*http.Response{"nothing": nil, "no body": {StatusCode: 200, ContentLength: 10}} {
		s := &script{steps: []step{func(*http.Request) (*http.Response, error) { return resp, nil }}}
		if err := doRead(t, newScripted(t, s, onceOnly)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A network connects the default client with a server, in memory and over TLS. It can drop a connection silently.
type network struct {
	*http.Client
	conns []*droppable
}

// newNetwork starts a server, and makes a client that has sent one request. Call it in a bubble.
func newNetwork(t *testing.T, protocol string) (*network, *Client) {
	transport := defaultHTTPClient().Transport.(*http.Transport).Clone()
	n := &network{Client: &http.Client{Transport: transport}}
	conns := make(chan net.Conn)
	listener := &pipeListener{conns, sync.OnceFunc(func() { close(conns) })}
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
		conn := &droppable{Conn: client}
		conn.open, conn.close = context.WithCancel(context.Background())
		n.conns = append(n.conns, conn)
		conns <- server
		return conn, nil
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	c := newScripted(t, &script{}, WithHTTPClient(n.Client), withToken1)
	if err := doRead(t, c); err != nil {
		t.Fatal(err)
	}
	return n, c
}

type pipeListener struct {
	conns chan net.Conn
	close func()
}

func (l *pipeListener) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (l *pipeListener) Close() error   { l.close(); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// A droppable connection carries nothing after a drop, without an error.
type droppable struct {
	net.Conn
	dropped atomic.Bool
	open    context.Context // done when the connection is closed
	close   func()
}

func (c *droppable) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.dropped.Load() {
		<-c.open.Done()
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *droppable) Write(p []byte) (int, error) {
	if c.dropped.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *droppable) Close() error {
	c.close()
	return c.Conn.Close()
}

func (c *droppable) isClosed() bool { return c.open.Err() != nil }

// The client soon closes a connection that the network dropped without an error. The next read succeeds.
func TestSilentConnections(t *testing.T) {
	for _, idle := range []time.Duration{0, 2 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			n, client := newNetwork(t, "h2")
			n.conns[0].dropped.Store(true)
			time.Sleep(idle)
			start := time.Now()
			if err := doRead(t, client); err != nil || time.Since(start) > 10*time.Second {
				t.Errorf("after %v of silence: %v after %v", idle, err, time.Since(start))
			}
			if len(n.conns) != 2 || !n.conns[0].isClosed() {
				t.Errorf("%d connections; the first is closed: %v", len(n.conns), n.conns[0].isClosed())
			}
		})
	}
}

// The client closes an idle connection before a gateway does, and makes no other connection before the next call.
func TestIdleConnections(t *testing.T) {
	for _, protocol := range []string{"h2", "http/1.1"} {
		synctest.Test(t, func(t *testing.T) {
			n, client := newNetwork(t, protocol)
			time.Sleep(20 * time.Second)
			early := n.conns[0].isClosed()
			time.Sleep(35 * time.Second)
			if late := n.conns[0].isClosed(); early || !late {
				t.Errorf("%s: closed after 20 seconds: %v, after 55 seconds: %v", protocol, early, late)
			}
			time.Sleep(time.Hour)
			if err := doRead(t, client); err != nil || len(n.conns) != 2 {
				t.Errorf("%s: %v over connection %d", protocol, err, len(n.conns))
			}
		})
	}
}

// A blockedBody delivers some text, and then blocks until it is released, whether or not it is closed.
type blockedBody struct {
	text     io.Reader
	released chan struct{}
	closed   atomic.Int32
}

func newBlockedBody(text string) *blockedBody {
	return &blockedBody{text: strings.NewReader(text), released: make(chan struct{})}
}

func (b *blockedBody) Read(p []byte) (int, error) {
	if n, err := b.text.Read(p); err == nil {
		return n, nil
	}
	<-b.released
	return 0, io.EOF
}

func (b *blockedBody) Close() error {
	b.closed.Add(1)
	return nil
}

// If the body of an error response does not end, Do returns the part that has arrived, and touches only the body of the
// transport afterwards.
func TestBodyOfAnAbandonedRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := newBlockedBody("partial")
		s := &script{steps: []step{changed(answers(400, ""), func(resp *http.Response) { resp.Body, resp.ContentLength = body, -1 })}}
		resp, err := newScripted(t, s, WithTimeout(time.Second)).Do(newRequest(t, "GET", "https://m3ter.test/x", nil))
		if err != nil {
			t.Fatal(err)
		}
		returned := &closeCounter{Reader: strings.NewReader("the caller's own")}
		resp.Body = returned
		close(body.released)
		synctest.Wait()
		if rest, _ := io.ReadAll(resp.Body); string(rest) != "the caller's own" || returned.closed != 0 || body.closed.Load() != 1 {
			t.Errorf("%q is left, closed %d times; the transport's body was closed %d times", rest, returned.closed, body.closed.Load())
		}
	})
}

// A protocol that RegisterProtocol adds may return a body that ignores the context.
func TestBodyOfARegisteredProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := newBlockedBody("{")
		s := &script{steps: always(changed(answers(200, ""), func(resp *http.Response) { resp.Body, resp.ContentLength = body, -1 }))}
		start := time.Now()
		err := doRead(t, newScripted(t, s, withProtocol(s), WithTimeout(time.Second), onceOnly))
		if took := time.Since(start); err == nil || took != time.Second {
			t.Errorf("%v after %v", err, took)
		}
		close(body.released)
	})
}

// withProtocol makes the client send requests through an *http.Transport and a protocol that RegisterProtocol adds.
func withProtocol(protocol http.RoundTripper) Option {
	transport := &http.Transport{Protocols: new(http.Protocols)} // without HTTP/2, which would register itself
	transport.Protocols.SetHTTP1(true)
	transport.RegisterProtocol("https", protocol)
	return WithHTTPClient(&http.Client{Transport: transport})
}

// A protocol that RegisterProtocol adds sends a write without a connection of net/http's, so a failure proves nothing.
func TestRegisteredProtocol(t *testing.T) {
	s := &script{steps: always(foreign(errors.New("response lost")))}
	err := doWrite(t, newScripted(t, s, withProtocol(s)))
	if !errors.Is(err, ErrOutcomeUnknown) || len(s.attempts) != 1 {
		t.Errorf("%v after %d attempts", err, len(s.attempts))
	}
}

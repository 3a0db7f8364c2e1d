package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A moment is when a rawH1 closes the connection of a request.
type moment int

const (
	unread      moment = iota // before it reads anything
	inHeader                  // after the first line of the request
	inBody                    // after the header of the request
	applied                   // after the request was carried out
	inStatus                  // within the first line of the response
	inAnswer                  // within the body of the response
	afterAnswer               // after the response
)

// A rawH1 is a server that speaks HTTP/1, and closes the connection of one request.
type rawH1 struct {
	tally
	URL    string
	closes moment
	at     int      // the request whose connection it closes, from 0 on
	heads  []string // of the requests that were carried out
}

func newRawH1(t *testing.T, at int, closes moment) *rawH1 {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawH1{URL: "http://" + listener.Addr().String(), at: at, closes: closes}
	serveEach(t, listener, s.serve)
	return s
}

// serveEach serves each connection in its own goroutine until the test ends.
func serveEach(t *testing.T, listener net.Listener, serve func(net.Conn)) {
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
}

// A tally counts the requests that came, and the requests that were carried out.
type tally struct {
	mu                sync.Mutex
	received, applied int
}

// receive counts a request, and returns its number, from 0 on.
func (c *tally) receive() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.received++
	return c.received - 1
}

func (c *tally) apply() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.applied++
}

func (c *tally) counts() (received, applied int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.received, c.applied
}

func (s *rawH1) serve(conn net.Conn) {
	reader := bufio.NewReader(conn)
	for {
		if _, err := reader.Peek(1); err != nil {
			return
		}
		closes := afterAnswer + 1
		if s.receive() == s.at {
			closes = s.closes
		}
		if closes == unread {
			return
		}
		var head strings.Builder
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = reader.ReadString('\n'); err != nil || closes == inHeader {
				return
			}
			head.WriteString(line)
		}
		if closes == inBody {
			return
		}
		req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(head.String()), reader)))
		if err != nil {
			return
		}
		if req.ContentLength != 0 { // else the new reader may have taken what is of the next one
			_, _ = io.Copy(io.Discard, req.Body)
		}
		s.mu.Lock()
		s.heads = append(s.heads, head.String())
		s.mu.Unlock()
		s.apply()
		answer := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + `{"id":"1"}`
		switch closes {
		case applied:
			return
		case inStatus:
			answer = answer[:12]
		case inAnswer:
			answer = answer[:len(answer)-5]
		}
		_, _ = fmt.Fprint(conn, answer)
		if closes <= afterAnswer {
			return
		}
	}
}

// A write is carried out once, however the HTTP/1 connection ends, even if a header makes net/http take the write for
// one that is safe to retry.
func TestClosedConnections(t *testing.T) {
	for _, w := range writes("", "Idempotency-Key", "X-Idempotency-Key", "idempotency-key") {
		for closes := range afterAnswer + 1 {
			for first := range 2 { // on a new connection, and on one that was in use
				service := newRawH1(t, first, closes)
				transport := newTransport(t)
				if first == 1 {
					if err := (write{method: "GET"}).sentTo(t, service.URL, transport); err != nil {
						t.Fatal(err)
					}
				}
				err := w.sentTo(t, service.URL, transport)
				received, applied := service.counts()
				what := fmt.Sprintf("%v, closed at moment %d of request %d", w, closes, first)
				checkOnce(t, what, err, applied-first)
				if received-first != 1 {
					t.Errorf("%s: came %d times: %v", what, received-first, err)
				}
			}
		}
	}
}

// The request body that keeps net/http from a retry of its own does not show on the wire.
func TestEmptyBodiesOnTheWire(t *testing.T) {
	for _, w := range writes("") {
		service := newRawH1(t, -1, unread)
		if err := w.sentTo(t, service.URL, newTransport(t)); err != nil {
			t.Fatal(err)
		}
		head := strings.ToLower(service.heads[0])
		length := strings.Contains(head, "\r\ncontent-length: 0\r\n")
		chunked := strings.Contains(head, "\r\ntransfer-encoding:")
		bodyless := w.body == "no body" || w.body == "an empty body"
		if bodyless && (chunked || length != (w.method != "DELETE")) {
			t.Errorf("%v:\n%s", w, head)
		}
		if n := strings.Count(head, "content-length"); n > 1 {
			t.Errorf("%v: %d lengths", w, n)
		}
	}
}

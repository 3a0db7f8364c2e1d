package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// A moment is the moment at which a rawH1 closes the connection of a request.
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

// A rawH1 is an HTTP/1 server that closes the connection of one request.
type rawH1 struct {
	tally
	URL    string
	closes moment
	at     int         // the number of the request whose connection it closes, from 0
	heads  chan string // of the requests that were carried out
}

func newRawH1(t *testing.T, at int, closes moment) *rawH1 {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawH1{URL: "http://" + listener.Addr().String(), at: at, closes: closes, heads: make(chan string, 100)}
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

// A tally counts the requests that were received, and the requests that were carried out.
type tally struct{ received, applied atomic.Int32 }

func (s *rawH1) serve(conn net.Conn) {
	reader := bufio.NewReader(conn)
	for {
		if _, err := reader.Peek(1); err != nil {
			return
		}
		closes := afterAnswer + 1
		if int(s.received.Add(1)) == s.at+1 {
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
		if req.ContentLength != 0 { // otherwise the new reader may have read a part of the next request
			_, _ = io.Copy(io.Discard, req.Body)
		}
		s.heads <- head.String()
		s.applied.Add(1)
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

// The client sends a write once, at whatever moment the HTTP/1 connection ends, even if a header makes net/http regard
// the write as safe to retry.
func TestClosedConnections(t *testing.T) {
	for _, w := range writes("", "Idempotency-Key", "X-Idempotency-Key", "idempotency-key") {
		for closes := range afterAnswer + 1 {
			for n := range 2 {
				t.Run(fmt.Sprintf("%v, closed at moment %d, request %d", w, closes, n), func(t *testing.T) {
					server := newRawH1(t, n, closes)
					if received, err := w.sentAs(t, n, &server.tally, server.URL, newTransport(t)); received != 1 {
						t.Errorf("came %d times: %v", received, err)
					}
				})
			}
		}
	}
}

// The request body that prevents a retry by net/http changes nothing on the wire.
func TestEmptyBodiesOnTheWire(t *testing.T) {
	for _, w := range writes("") {
		server := newRawH1(t, -1, unread)
		if err := w.sentTo(t, server.URL, newTransport(t)); err != nil {
			t.Fatal(err)
		}
		head := strings.ToLower(<-server.heads)
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

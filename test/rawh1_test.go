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
	unread      moment = iota // nothing of it was read
	inHeader                  // its first line was
	inBody                    // its header was
	applied                   // it was carried out
	inStatus                  // and the answer has begun
	inAnswer                  // and its header was sent
	afterAnswer               // and it was sent
)

var moments = []moment{unread, inHeader, inBody, applied, inStatus, inAnswer, afterAnswer}

// A rawH1 is a service that speaks HTTP/1, and closes the connection of one request.
type rawH1 struct {
	URL    string
	closes moment
	at     int // the request of which it closes the connection, from 0 on

	mu       sync.Mutex
	received int
	applied  int
	heads    []string // of the requests that were carried out
}

func newRawH1(t *testing.T, at int, closes moment) *rawH1 {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawH1{URL: "http://" + listener.Addr().String(), at: at, closes: closes}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *rawH1) serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		if _, err := reader.Peek(1); err != nil {
			return
		}
		s.mu.Lock()
		closes := afterAnswer + 1
		if s.received == s.at {
			closes = s.closes
		}
		s.received++
		s.mu.Unlock()

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
		s.applied++
		s.heads = append(s.heads, head.String())
		s.mu.Unlock()
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

func (s *rawH1) counts() (received, applied int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received, s.applied
}

// However an HTTP/1 connection ends, a write is done once, also where a header has net/http take it for one that may be
// repeated.
func TestClosedConnections(t *testing.T) {
	for _, w := range writes("", "Idempotency-Key", "X-Idempotency-Key", "idempotency-key") {
		for _, closes := range moments {
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

// What keeps net/http from repeating a request does not show on the wire.
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

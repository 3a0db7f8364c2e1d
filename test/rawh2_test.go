package test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A rawH2 is an HTTP/2 server that writes its own frames, so it can fail in ways that an http.Server does not.
type rawH2 struct {
	tally
	URL    string
	client *http.Transport // trusts the certificate of the server
	react  func(n int) reaction
}

// A reaction is the reaction of a rawH2 to a request.
type reaction struct {
	applies    bool
	beforeBody bool // the server reacts before it reads the request body
	how        func(*http2.Framer, uint32) error
}

// answered returns a reaction that carries the request out and responds.
func answered() reaction {
	return reaction{applies: true, how: func(framer *http2.Framer, stream uint32) error {
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		_ = encoder.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
		_ = encoder.WriteField(hpack.HeaderField{Name: "content-type", Value: "application/json"})
		if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true}); err != nil {
			return err
		}
		return framer.WriteData(stream, true, []byte(`{"id":"1"}`))
	}}
}

// reset returns a reaction that resets the stream. Unless the code is REFUSED_STREAM, the server carries the request
// out first.
func reset(code http2.ErrCode, beforeBody bool) reaction {
	return reaction{applies: code != http2.ErrCodeRefusedStream, beforeBody: beforeBody, how: func(framer *http2.Framer, stream uint32) error {
		return framer.WriteRSTStream(stream, code)
	}}
}

// goAway returns a reaction that ends the connection. The last processed stream is the stream of the request, or the
// one before.
func goAway(code http2.ErrCode, processed, beforeBody bool) reaction {
	return reaction{applies: processed, beforeBody: beforeBody, how: func(framer *http2.Framer, stream uint32) error {
		last := stream
		if !processed {
			last = max(stream, 2) - 2 // the streams of a client are 1, 3, 5 and so on
		}
		if err := framer.WriteGoAway(last, code, []byte("REFUSED_STREAM; received from peer")); err != nil {
			return err
		}
		if processed {
			return errHangUp
		}
		return nil
	}}
}

var errHangUp = errors.New("hang up")

// newRawH2 starts a server. react returns the reaction to request n, from 0.
func newRawH2(t *testing.T, react func(n int) reaction) *rawH2 {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // for its certificate
	certified.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	trusting := certified.Client().Transport.(*http.Transport).TLSClientConfig
	s := &rawH2{
		URL:    "https://" + listener.Addr().String(),
		client: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusting.RootCAs}, ForceAttemptHTTP2: true},
		react:  react,
	}
	t.Cleanup(s.client.CloseIdleConnections)
	serveEach(t, listener, s.serve)
	return s
}

// serve serves a connection until it ends or the server closes it.
func (s *rawH2) serve(conn net.Conn) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if framer.WriteSettings() != nil {
		return
	}
	open := make(map[uint32]reaction) // to the requests whose body has not arrived
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		stream := frame.Header().StreamID
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				err = framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !frame.IsAck() {
				err = framer.WritePing(true, frame.Data)
			}
		case *http2.MetaHeadersFrame:
			reaction := s.react(int(s.received.Add(1)) - 1)
			if reaction.beforeBody || frame.StreamEnded() {
				err = s.do(reaction, framer, stream)
			} else {
				open[stream] = reaction
			}
		case *http2.DataFrame:
			if reaction, ok := open[stream]; ok && frame.StreamEnded() {
				err = s.do(reaction, framer, stream)
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *rawH2) do(r reaction, framer *http2.Framer, stream uint32) error {
	if r.applies {
		s.applied.Add(1)
	}
	return r.how(framer, stream)
}

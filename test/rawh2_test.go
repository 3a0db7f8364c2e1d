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

// A rawH2 is a server that speaks HTTP/2 frame by frame, and so can fail as no http.Server does.
type rawH2 struct {
	tally
	URL    string
	client *http.Transport // which trusts it
	react  func(n int) reaction
}

// A reaction is the outcome of a request.
type reaction struct {
	applies    bool
	beforeBody bool // it comes before the request body is read
	how        func(*http2.Framer, uint32) error
}

// answered carries the request out, and responds.
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

// reset resets the stream. Only REFUSED_STREAM says that nothing was done. Before any other code, the request is
// carried out.
func reset(code http2.ErrCode, beforeBody bool) reaction {
	return reaction{applies: code != http2.ErrCodeRefusedStream, beforeBody: beforeBody, how: func(framer *http2.Framer, stream uint32) error {
		return framer.WriteRSTStream(stream, code)
	}}
}

// goAway ends the connection, with the stream as the last one that was processed, or without it.
func goAway(code http2.ErrCode, processed, beforeBody bool) reaction {
	return reaction{applies: processed, beforeBody: beforeBody, how: func(framer *http2.Framer, stream uint32) error {
		last := stream
		if !processed {
			last = max(stream, 2) - 2 // those of clients are 1, 3, 5, ...
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

// newRawH2 starts a server. react returns the reaction to its nth request, from 0 on.
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

// serve ends with the connection, or when the server hangs up.
func (s *rawH2) serve(conn net.Conn) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if framer.WriteSettings() != nil {
		return
	}
	open := make(map[uint32]reaction) // to requests whose body is still to come
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

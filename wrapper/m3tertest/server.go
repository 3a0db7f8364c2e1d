package m3tertest

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Server imitates m3ter for one organization and one service user. Use [NewServer] to make a Server. All methods are
// safe for concurrent use. A test may change the fields before the first request.
type Server struct {
	URL            string // base URL, without a trailing slash
	OrganizationID string // id of the only organization that the server knows; random
	APIKey         string // access key id of the service user; random
	APISecret      string // API secret of the service user; random

	handler http.Handler
	mux     *http.ServeMux
	tokens  tokens
	faults  faults
	rate    *rateLimit // may be nil
	record  record
	state   store

	mu      sync.Mutex
	closed  bool
	atClose []func()
}

// NewServer starts a server on a free port of the loopback address, or in memory only: see [InMemory]. It panics if it
// can't listen. The caller must close the server.
func NewServer(opts ...Option) *Server {
	cfg := config{tokenLifetime: 5 * time.Hour}
	for _, opt := range opts {
		opt(&cfg)
	}
	s := &Server{
		URL:            "http://localhost",
		OrganizationID: newID(),
		APIKey:         rand.Text(),
		APISecret:      rand.Text(),
		tokens:         newTokens(cfg.tokenLifetime),
		faults:         newFaults(),
		rate:           cfg.rate,
		state:          newStore(cfg.wholeDays),
	}
	s.mux = newMux(&s.state, http.HandlerFunc(s.issueToken))
	s.handler = s.layers()
	if !cfg.inMemory {
		s.listen()
	}
	return s
}

// layers assembles the layers through which a request passes: first the layers in which the connection may fail, last
// the handlers.
func (s *Server) layers() http.Handler {
	carryOut := s.inOrganization(s.limited(s.authenticated(s.checked(s.applying(http.HandlerFunc(s.route))))))
	return s.received(failedBeforeBody(withBody(failed(carryOut))))
}

// ServeHTTP serves one request, so that a program can mount the fake in its own server. If a fault drops the
// connection, ServeHTTP panics with http.ErrAbortHandler, which net/http expects.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) listen() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("m3tertest: %v", err))
	}
	s.URL = "http://" + listener.Addr().String()
	s.onClose(serve(listener, s).close)
}

// Close stops listening, closes all connections, including those of [Server.Client], and returns when all requests and
// their goroutines have ended. Close does not wait for a function passed to [Server.InjectFunc], or for a request that
// another server passes to [Server.ServeHTTP]. The recorded requests and the state stay readable. A second Close does
// nothing.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	atClose := s.atClose
	s.atClose = nil
	s.mu.Unlock()
	for _, f := range atClose {
		f()
	}
}

// onClose makes Close call f, or calls f at once if the server is closed already.
func (s *Server) onClose(f func()) {
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.atClose = append(s.atClose, f)
	}
	s.mu.Unlock()
	if closed {
		f()
	}
}

package test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const (
	proxyCallers = 20
	proxyCalls   = 25 // per caller
)

// TestStormOverTLS is a storm over TLS connections through a TCP proxy that breaks them at random. The fake has random
// faults too.
func TestStormOverTLS(t *testing.T) {
	seed := drawSeed(t)
	for _, isHTTP2 := range []bool{true, false} {
		for _, isWrapped := range []bool{false, true} {
			t.Run(fmt.Sprintf("HTTP2 %t, wrapped %t", isHTTP2, isWrapped), func(t *testing.T) {
				stormOverTLS(t, seed, isHTTP2, isWrapped)
			})
		}
	}
}

func stormOverTLS(t *testing.T, seed uint64, isHTTP2, isWrapped bool) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	defer fake.Close()
	server := httptest.NewUnstartedServer(fake)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // many handshakes fail
	server.EnableHTTP2 = isHTTP2
	server.StartTLS()
	defer server.Close()
	proxy := newBreakingProxy(t, server.Listener.Addr().String(), seed)

	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	transport := newTransport(t)
	transport.TLSClientConfig, transport.ForceAttemptHTTP2 = &tls.Config{RootCAs: roots}, isHTTP2
	transport.MaxIdleConnsPerHost = proxyCallers
	client := newUncheckedClient(t, "https://"+proxy, plainAndWrapped(transport)[isWrapped],
		m3teraccess.WithOrganization(fake.OrganizationID),
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithTimeout(2*time.Second),
	)
	random := rand.New(rand.NewPCG(seed, 7)) // the fake calls the function for one request at a time
	fake.InjectFunc(func(request m3tertest.Request) (m3tertest.Fault, bool) {
		if request.Operation == "Token" || random.IntN(20) > 2 {
			return m3tertest.Fault{}, false
		}
		return []m3tertest.Fault{
			{Delay: time.Duration(random.IntN(3000)) * time.Millisecond, CarriedOut: random.IntN(2) == 0, Status: 503},
			{Break: m3tertest.Break(1 + random.IntN(int(m3tertest.CutAnswer)))},
			{Status: 400},
			{Status: 401},
			{Status: 500},
		}[random.IntN(5)], true
	})

	var calls []*stormCall
	var group sync.WaitGroup
	for caller := range proxyCallers {
		random := rand.New(rand.NewPCG(seed, uint64(caller)+8))
		own := make([]*stormCall, proxyCalls)
		for i := range own {
			request := policyRequest()
			request.Name = fmt.Sprintf("key-%d-%d", caller, i)
			own[i] = &stormCall{
				key: request.Name, timeout: time.Duration(5+random.IntN(4000)) * time.Millisecond,
				call: func(ctx context.Context, client *m3teraccess.Client) error {
					return either(client.CreatePermissionPolicy(ctx, request))
				},
			}
		}
		calls = append(calls, own...)
		group.Go(func() {
			for _, call := range own {
				call.run(t, client)
			}
		})
	}
	group.Wait()
	transport.CloseIdleConnections()
	server.CloseClientConnections()
	server.Close() // after all requests have ended
	checkCalls(t, calls, fake.Requests(), 1)
}

// newBreakingProxy forwards connections to addr and breaks most of them after a random number of bytes.
func newBreakingProxy(t *testing.T, addr string, seed uint64) (proxy string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Uint64
	serveEach(t, listener, func(client net.Conn) {
		server, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		defer server.Close()
		random := rand.New(rand.NewPCG(seed, 1<<32+accepted.Add(1)))
		there, back := int64(1<<40), int64(1<<40)
		switch random.IntN(5) {
		case 0, 1:
			there = random.Int64N(8000)
		case 2, 3:
			back = random.Int64N(12000)
		}
		abrupt := random.IntN(2) == 0
		done := make(chan struct{}, 2)
		forward := func(to, from net.Conn, most int64) {
			_, _ = io.CopyN(to, from, most)
			done <- struct{}{}
		}
		go forward(server, client, there)
		go forward(client, server, back)
		<-done
		if tcp, ok := client.(*net.TCPConn); ok && abrupt {
			_ = tcp.SetLinger(0) // a reset
		}
	})
	return listener.Addr().String()
}

package test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
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
	proxyCalls   = 25 // a caller
)

// A storm over real connections: TLS through a TCP proxy that breaks them at random, and faults of the fake as well.
// Afterwards the fake's record shows the truth.
func TestStormOverTLS(t *testing.T) {
	seed := *stormSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat: go test ./test -run TestStormOverTLS -storm.seed=%d", seed)
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
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // there are many broken handshakes
	server.EnableHTTP2 = isHTTP2
	server.StartTLS()
	defer server.Close()
	proxy := newBreakingProxy(t, server.Listener.Addr().String(), seed)

	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	own := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: isHTTP2,
		MaxIdleConnsPerHost: proxyCallers, IdleConnTimeout: 45 * time.Second,
	}
	defer own.CloseIdleConnections()
	var transport http.RoundTripper = own
	if isWrapped {
		transport = wrapped{own}
	}
	client := onceClient(t, "https://"+proxy, transport,
		m3teraccess.WithOrganization(fake.OrganizationID),
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithTimeout(2*time.Second),
	)
	random := rand.New(rand.NewPCG(seed, 7)) // the fake asks for one fault at a time
	fake.InjectFunc(func(request m3tertest.Request) (m3tertest.Fault, bool) {
		if request.Operation == "Token" || random.IntN(10) > 0 {
			return m3tertest.Fault{}, false
		}
		switch random.IntN(4) {
		case 0:
			return m3tertest.Fault{Delay: time.Duration(random.IntN(3000)) * time.Millisecond, CarriedOut: random.IntN(2) == 0, Status: 503}, true
		case 1:
			return m3tertest.Fault{Break: m3tertest.Break(1 + random.IntN(int(m3tertest.CutAnswer)))}, true
		case 2:
			return m3tertest.Fault{Status: 401}, true
		}
		return m3tertest.Fault{Status: 500}, true
	})

	calls := make([]*stormCall, proxyCallers*proxyCalls)
	var group sync.WaitGroup
	for caller := range proxyCallers {
		random := rand.New(rand.NewPCG(seed, uint64(caller)+8))
		for i := range proxyCalls {
			call := &stormCall{key: fmt.Sprintf("key-%d-%d", caller, i), timeout: time.Duration(5+random.IntN(4000)) * time.Millisecond}
			call.call = func(ctx context.Context, client *m3teraccess.Client) error {
				request := policyRequest()
				request.Name = call.key
				return either(client.CreatePermissionPolicy(ctx, request))
			}
			calls[caller*proxyCalls+i] = call
		}
		group.Go(func() {
			for i := range proxyCalls {
				calls[caller*proxyCalls+i].run(t, client)
			}
		})
	}
	group.Wait()
	own.CloseIdleConnections()
	server.CloseClientConnections()
	server.Close() // after all requests have ended

	applied := make(map[string]int)
	for _, request := range fake.Requests() {
		if request.Applied {
			applied[policyName(request.Body)]++
		}
	}
	ends, notDone := make(map[string]int), 0
	for _, call := range calls {
		ends[call.end()]++
		checkOnce(t, call.key, call.err, applied[call.key])
		if errors.Is(call.err, m3teraccess.ErrOutcomeUnknown) && applied[call.key] == 0 {
			notDone++
		}
	}
	unknown := ends["unknown outcome"]
	t.Logf("%d succeeded, %d certainly failed, %d unknown, of which %d (%d %%) had not been done",
		ends["nil"], ends["another error"], unknown, notDone, 100*notDone/max(unknown, 1))
	if ends["nil"] == 0 || unknown == 0 {
		t.Errorf("the storm shows little: %v", ends)
	}
}

// newBreakingProxy forwards connections to addr and breaks most of them after a random number of bytes.
func newBreakingProxy(t *testing.T, addr string, seed uint64) (proxy string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var accepted atomic.Uint64
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			random := rand.New(rand.NewPCG(seed, 1<<32+accepted.Add(1)))
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", addr)
				if err != nil {
					return
				}
				defer server.Close()
				there, back := int64(1<<40), int64(1<<40)
				switch random.IntN(5) {
				case 0, 1:
					there = random.Int64N(8000)
				case 2, 3:
					back = random.Int64N(12000)
				}
				abrupt := random.IntN(2) == 0
				done := make(chan struct{}, 2)
				copying := func(to, from net.Conn, most int64) {
					_, _ = io.CopyN(to, from, most)
					done <- struct{}{}
				}
				go copying(server, client, there)
				go copying(client, server, back)
				<-done
				if tcp, ok := client.(*net.TCPConn); ok && abrupt {
					_ = tcp.SetLinger(0) // a reset
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func policyName(body []byte) string {
	var policy m3teraccess.PermissionPolicyRequest
	_ = json.Unmarshal(body, &policy)
	return policy.Name
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// behind returns the variables that point the program at a handler in front of the fake.
func behind(t *testing.T, fake *m3tertest.Server, handler http.HandlerFunc) map[string]string {
	front := httptest.NewServer(handler)
	t.Cleanup(front.Close)
	environment := exampletest.Environment(fake)
	environment["M3TER_BASE_URL"] = front.URL
	return environment
}

// Someone else extends support access after the program has read it and before the program revokes it.
func TestChangeDuringRevoke(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	fake := exampletest.NewFake(t)
	end := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	var writes atomic.Int32
	p := exampletest.New(t, behind(t, fake, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && writes.Add(1) == 2 {
			writeSupport(t, fake, end)
		}
		fake.ServeHTTP(w, r)
	}), "-for", "1h")
	p.Begin()
	p.Err.WaitFor(t, isOpen)
	p.Interrupt(os.Interrupt)
	p.End()
	p.Check(1, "grant: someone else has changed support access: it is open until "+example.Clock(end))
	if support, _ := fake.Support(); !support.EndSupportUsersAccess.Equal(end) {
		t.Errorf("support access ends at %v, someone else had set %v", support.EndSupportUsersAccess, end)
	}
}

// The interrupt comes while the first write is on its way. The access is closed in the end, no matter when or whether
// the write arrives.
func TestInterruptWhileOpening(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	for _, test := range []struct {
		arrives string
		version int64
	}{
		{"before the program reads again", 2},
		{"before the program revokes", 2},
		{"after the program has revoked", 1},
		{"never", 1},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known=%t", test.arrives, known), func(t *testing.T) {
				fake := exampletest.NewFake(t)
				version := test.version
				if known { // with an end in the past
					writeSupport(t, fake, time.Now().Add(-time.Hour))
					version++
				}
				late := &lateWrite{fake: fake, sent: make(chan struct{}), arrives: test.arrives}
				p := exampletest.New(t, behind(t, fake, late.ServeHTTP), "-for", "1h")
				p.Begin()
				<-late.sent
				p.Interrupt(os.Interrupt)
				p.End()
				p.Check(1, "grant: could not open support access; it is not open\n")
				if !strings.Contains(p.Err.String(), "It is unknown whether support access is open, so grant revokes it: ") {
					t.Errorf("stderr\n%s", p.Err)
				}
				checkEnded(t, fake, version)
			})
		}
	}
}

// A lateWrite is a handler in front of the fake that delays the first write.
type lateWrite struct {
	fake    *m3tertest.Server
	sent    chan struct{} // closed when the handler gets the first write
	arrives string        // when the write arrives at the fake, as in the table above

	mu   sync.Mutex
	held func() // sends the first write to the fake; nil until the handler gets that write
}

func (l *lateWrite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	isWrite := r.Method == http.MethodPut
	switch {
	case isWrite && l.held == nil:
		l.hold(r)
		close(l.sent)
		l.mu.Unlock()
		<-r.Context().Done()
		l.mu.Lock()
	case isWrite:
		l.arriveAt("before the program revokes")
		l.fake.ServeHTTP(w, r)
		l.arriveAt("after the program has revoked")
	default:
		if l.held != nil {
			l.arriveAt("before the program reads again")
		}
		l.fake.ServeHTTP(w, r)
	}
}

func (l *lateWrite) hold(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	late := r.Clone(context.WithoutCancel(r.Context()))
	late.Body = io.NopCloser(bytes.NewReader(body))
	l.held = func() { l.fake.ServeHTTP(httptest.NewRecorder(), late) }
}

func (l *lateWrite) arriveAt(when string) {
	if when == l.arrives {
		l.arrives = ""
		l.held()
	}
}

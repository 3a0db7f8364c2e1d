package m3tertest

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
)

// Inject makes future requests fail. It adds the fault to a queue. Each request gets only one fault: the first in the
// queue that matches its operation and has Times left. So two faults, the first with Times 1, script the first and the
// second request. Inject panics if the fault makes no sense.
func (s *Server) Inject(fault Fault) {
	fault.mustBeSound("Inject")
	fault.Header = fault.Header.Clone()
	left := fault.Times
	s.faults.add(chooser{choose: func(r Request) (Fault, bool) {
		if !fault.meets(r.Operation) || fault.Times > 0 && left == 0 {
			return Fault{}, false
		}
		left--
		return fault, true
	}})
}

// InjectFunc adds to the queue a function that chooses the fault of each request for which no earlier entry has one. If
// the function returns false, the server tries the next entry. The Operation and Times of a returned fault are ignored.
//
// The function sees each request as it arrives, including token requests, without a Body or a Status. The server calls
// the function for one request at a time, so the function must not wait for another request. It may call any method of
// the server: faults that it injects apply to later requests, and [Server.Close] drops the current request. If the
// returned fault makes no sense, the goroutine that serves the request panics: net/http logs the panic and drops the
// connection.
func (s *Server) InjectFunc(choose func(Request) (Fault, bool)) {
	s.faults.add(chooser{isFunc: true, choose: func(r Request) (Fault, bool) {
		fault, ok := choose(r.clone())
		if ok {
			fault.mustBeSound("InjectFunc")
		}
		return fault, ok
	}})
}

// ClearFaults removes all faults, and all functions added by InjectFunc. A request that already has a fault keeps it.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = nil
}

// faults is the queue of faults and of functions that choose one.
type faults struct {
	turn chan struct{} // holds a value while a request chooses

	mu    sync.Mutex
	queue []chooser
}

type chooser struct {
	choose func(Request) (Fault, bool)
	isFunc bool // choose calls a function that was passed to InjectFunc
}

func newFaults() faults { return faults{turn: make(chan struct{}, 1)} }

func (f *faults) add(c chooser) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, c)
}

// dropped is the fault of a request whose context is done before its fault is chosen.
var dropped = Fault{Break: DropBeforeBody}

// next returns the fault of a request, or the zero Fault if it has none. If the queue has a function of the caller,
// next chooses the fault in a new goroutine, so that the request ends when its context is done: otherwise a function
// that calls Close would wait for itself.
func (f *faults) next(ctx context.Context, r Request) Fault {
	if !f.takeTurn(ctx) {
		return dropped
	}
	f.mu.Lock()
	queue := f.queue
	f.mu.Unlock()
	if !slices.ContainsFunc(queue, func(c chooser) bool { return c.isFunc }) {
		defer f.endTurn()
		return first(queue, r)
	}
	chosen := make(chan func() Fault, 1)
	go func() {
		result := func() Fault { return dropped } // used if the function calls runtime.Goexit
		defer func() { chosen <- result }()
		defer f.endTurn()
		defer func() {
			if v := recover(); v != nil {
				result = repanic(v, debug.Stack())
			}
		}()
		fault := first(queue, r)
		result = func() Fault { return fault }
	}()
	select {
	case result := <-chosen:
		return result()
	case <-ctx.Done():
		return dropped
	}
}

// takeTurn waits until the request may choose its fault. It reports false if the context of the request is done first.
func (f *faults) takeTurn(ctx context.Context) bool {
	select {
	case f.turn <- struct{}{}:
		return true
	default:
	}
	select {
	case f.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *faults) endTurn() { <-f.turn }

func first(queue []chooser, r Request) Fault {
	for _, c := range queue {
		if fault, ok := c.choose(r); ok {
			return fault
		}
	}
	return Fault{}
}

// repanic returns a function that panics with the value and the stack of an earlier panic.
func repanic(v any, stack []byte) func() Fault {
	return func() Fault {
		if v == http.ErrAbortHandler { // net/http compares the value with ==, so it must stay unchanged
			panic(v)
		}
		panic(fmt.Sprintf("%v\n\n%s", v, stack))
	}
}

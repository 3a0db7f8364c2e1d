package m3tertest

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
)

// Inject makes future requests fail. It adds the fault to a queue. Each request gets at most one fault: the first in
// the queue that matches the operation of the request and is not used up. If Times is not 0, the fault is used up after
// that many requests. For example, to make the first and second requests fail differently, inject two faults, the first
// with Times 1.
//
// Inject panics if the fault is not valid, for example if its Operation is unknown, or if it has a Body but no Status.
func (s *Server) Inject(fault Fault) {
	fault.mustBeValid("Inject")
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

// InjectFunc adds choose to the queue. The server calls choose for each request to which no earlier entry in the queue
// applies. If choose returns true, the request gets the returned fault, whose Operation and Times are ignored. If
// choose returns false, the server tries the next entry.
//
// The server calls choose for token requests too. It calls choose as soon as a request arrives, so the Request has no
// Body and no Status yet. The server calls choose for one request at a time, so choose must not wait for another
// request. choose may call any method of the server except [Server.ServeHTTP]: faults that choose injects apply to
// later requests, and [Server.Close] drops the connection of the current request.
//
// If the returned fault is not valid, the goroutine that serves the request panics: net/http logs the panic and drops
// the connection.
func (s *Server) InjectFunc(choose func(Request) (Fault, bool)) {
	s.faults.add(chooser{isFunc: true, choose: func(r Request) (Fault, bool) {
		fault, ok := choose(r.clone())
		if ok {
			fault.Operation, fault.Times = "", 0
			fault.mustBeValid("InjectFunc")
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
	turn chan struct{} // holds a value while the fault of a request is being chosen

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

// next returns the fault of a request, or the zero Fault if the request has none. If the queue contains a function
// added by InjectFunc, next chooses the fault in a new goroutine, so that the request can end while the function runs.
// Without the new goroutine, a function that calls Close would wait for itself.
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

// takeTurn waits until no fault of another request is being chosen. It returns false if the context of the request is
// done first.
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

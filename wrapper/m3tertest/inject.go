package m3tertest

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
)

// Inject makes future requests fail. Faults queue up: each request gets the first fault for its operation that has
// Times left, and no other. So two faults, the first with Times 1, script the first and the second request. Inject
// panics if the fault makes no sense.
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

// InjectFunc adds a function to the queue, which chooses the fault of each request that gets no earlier fault. If the
// function returns false, the request goes to the next in the queue. The Operation and Times of a returned fault are
// ignored.
//
// The function sees each request as it arrives, including token requests, without Body and Status. The server calls it
// for one request at a time, so it must not wait for another request. It may call any method of the server: faults that
// it injects are for later requests, and [Server.Close] drops the current request. A fault that makes no sense panics
// in the goroutine that serves the request: net/http logs the panic and drops the connection.
func (s *Server) InjectFunc(choose func(Request) (Fault, bool)) {
	s.faults.add(chooser{isFunc: true, choose: func(r Request) (Fault, bool) {
		fault, ok := choose(r.clone())
		if ok {
			fault.mustBeSound("InjectFunc")
		}
		return fault, ok
	}})
}

// ClearFaults removes all faults and functions. A request that has its fault already keeps it.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = nil
}

// faults is the queue.
type faults struct {
	turn chan struct{} // holds a value while a request chooses

	mu    sync.Mutex
	queue []chooser
}

type chooser struct {
	choose func(Request) (Fault, bool)
	isFunc bool // choose is the caller's
}

func newFaults() faults { return faults{turn: make(chan struct{}, 1)} }

func (f *faults) add(c chooser) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, c)
}

// dropped is the fault of a request whose context ends before its fault is chosen.
var dropped = Fault{Break: DropBeforeBody}

// next returns the fault of a request, the zero Fault if it has none. It calls a function in a new goroutine, so that
// the request ends with its context: otherwise a function that calls Close would wait for itself.
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
		result := func() Fault { return dropped } // when the function ends the goroutine
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

// takeTurn waits for the turn of a request to choose. It reports false if the context of the request ends first.
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

// repanic panics with the value and the stack of a function's panic.
func repanic(v any, stack []byte) func() Fault {
	return func() Fault {
		if v == http.ErrAbortHandler { // which net/http compares
			panic(v)
		}
		panic(fmt.Sprintf("%v\n\n%s", v, stack))
	}
}

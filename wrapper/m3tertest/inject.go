package m3tertest

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
)

// Inject has requests from now on meet a fault. Faults queue up: each request meets the first that is for its
// operation and has times left, and no other. So two faults of which the first is for one time script the first
// request and the second. It panics when the fault makes no sense.
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

// InjectFunc queues up a function that is asked for the fault of each request that no earlier one met; false hands
// the request on to the next in the queue. What it returns applies whatever its Operation and Times.
//
// The function sees the request as it comes, the ones for a token included, without Body and Status. It is called
// for one request at a time, so it must not wait for another request. It may call any method of the server: faults that
// it injects are for later requests, and [Server.Close] drops the request that it is asked about. A fault that makes no
// sense panics in the goroutine that serves the request: net/http logs it and drops the connection.
func (s *Server) InjectFunc(choose func(Request) (Fault, bool)) {
	s.faults.add(chooser{isFunc: true, choose: func(r Request) (Fault, bool) {
		fault, ok := choose(r.clone())
		if ok {
			fault.mustBeSound("InjectFunc")
		}
		return fault, ok
	}})
}

// ClearFaults removes all faults and functions. Requests that met one already go on with it.
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

// dropped is the fault of a request whose context ends before its fault is known.
var dropped = Fault{Break: DropBeforeBody}

// next is the fault of a request, the zero one when it meets none. A function is called in a goroutine of its own, so
// that the request ends with its context: a function that calls Close would else wait for itself.
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

// takeTurn tells whether it is the request's turn to choose; it isn't when its context ends before.
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

// repanic panics with what a function panicked with, and tells where.
func repanic(v any, stack []byte) func() Fault {
	return func() Fault {
		if v == http.ErrAbortHandler { // which net/http compares
			panic(v)
		}
		panic(fmt.Sprintf("%v\n\n%s", v, stack))
	}
}

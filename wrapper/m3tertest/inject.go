package m3tertest

import "sync"

// Inject has requests from now on meet a fault. Faults queue up: each request meets the first that is for its
// operation and has times left, and no other. So two faults of which the first is for one time script the first
// request and the second. It panics when the fault makes no sense.
func (s *Server) Inject(fault Fault) {
	fault.mustBeSound("Inject")
	fault.Header = fault.Header.Clone()
	left := fault.Times
	s.faults.add(func(r Request) (Fault, bool) {
		if !fault.meets(r.Operation) || fault.Times > 0 && left == 0 {
			return Fault{}, false
		}
		left--
		return fault, true
	})
}

// InjectFunc queues up a function that is asked for the fault of each request that no earlier one met; false hands
// the request on to the next in the queue. What it returns applies whatever its Operation and Times.
//
// The function sees the request as it comes, the ones for a token included, without Body and Status. It is called
// for one request at a time, and must not call Inject, InjectFunc or ClearFaults. A fault that makes no sense
// panics in the goroutine that serves the request: net/http logs it and drops the connection.
func (s *Server) InjectFunc(choose func(Request) (Fault, bool)) {
	s.faults.add(func(r Request) (Fault, bool) {
		fault, ok := choose(r.clone())
		if ok {
			fault.mustBeSound("InjectFunc")
		}
		return fault, ok
	})
}

// ClearFaults removes all faults and functions. Requests that met one already go on with it.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = nil
}

// faults is the queue. Its functions are called with mu held.
type faults struct {
	mu    sync.Mutex
	queue []func(Request) (Fault, bool)
}

func (f *faults) add(choose func(Request) (Fault, bool)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, choose)
}

// next is the fault of a request, the zero one when it meets none.
func (f *faults) next(r Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, choose := range f.queue {
		if fault, ok := choose(r); ok {
			return fault
		}
	}
	return Fault{}
}

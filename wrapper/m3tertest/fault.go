package m3tertest

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A Fault is a scripted failure of a request: see [Server.Inject]. A zero field has no effect. A Fault with only
// Operation and Times lets its requests pass, so that a later request is the first to fail.
type Fault struct {
	// Operation is the operation that fails, named as in [Request]. "" means every request except token requests, even one
	// that matches no operation; "Token" must be named. An unknown operation makes Inject panic.
	Operation string

	// Times is the number of requests that fail; 0 means all requests until [Server.ClearFaults].
	Times int

	// CarriedOut makes the server carry out the request first. This simulates a response that is late or replaced by a
	// gateway: after Delay, the server sends the response of Status instead of the real one.
	CarriedOut bool

	// Delay is how long the server waits before it does anything about the request, except that it first reads the body
	// (not before a [DropBeforeBody]), so that it notices if the client leaves. If the client leaves or the server is
	// closed, the delay ends and nothing else happens.
	Delay time.Duration

	// Status is the response status, 200 to 999. Without CarriedOut, the request is not carried out. A client that renews
	// its access token recovers from one 401 or 403; for a lasting denial set Times to 0.
	Status int

	// Header and Body are the response header and body for Status. The Content-Type is application/json unless Header has
	// another; an empty Body becomes {"message": "..."}.
	Header http.Header
	Body   string

	// Break is how the connection fails, during the response of Status or the real response.
	Break Break
}

// A Break is how a connection fails. Below, to carry out a request includes refusing it.
//
// A net/http client retries some requests by itself, such as a GET on a reused connection that is dropped. Each of its
// requests counts here.
type Break int

const (
	// DropBeforeBody closes the connection before the server reads the request body. The request is not carried out.
	DropBeforeBody Break = iota + 1
	// DropAfterBody closes the connection after the server has read the request body. The request is not carried out.
	DropAfterBody
	// DropAnswer carries out the request and closes the connection without a response.
	DropAnswer
	// CutAnswer carries out the request, announces the full length of the response, sends half of its body, and closes the
	// connection. A response without a body (204, 304, or to a HEAD) breaks off in its header.
	CutAnswer
	// EndlessAnswer carries out the request, and sends spaces instead of the last byte of the response body until the
	// client leaves. The bytes that arrive are always the beginning of a valid JSON value. A response without a body never
	// arrives.
	EndlessAnswer
)

// mustBeSound panics if a fault can only be a mistake in the test.
func (f Fault) mustBeSound(caller string) {
	mistake := ""
	switch {
	case f.Operation != "" && !isOperation(f.Operation):
		mistake = fmt.Sprintf("there is no operation %q", f.Operation)
	case f.Times < 0:
		mistake = fmt.Sprintf("%d times", f.Times)
	case f.Delay < 0:
		mistake = fmt.Sprintf("a delay of %v", f.Delay)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		mistake = fmt.Sprintf("status %d is not 200 to 999", f.Status)
	case f.Status == 0 && (f.Header != nil || f.Body != ""):
		mistake = "a header or a body without a status"
	case f.CarriedOut && (f.Break == DropBeforeBody || f.Break == DropAfterBody):
		mistake = "CarriedOut together with a Break that drops the request"
	case f.Break < 0 || f.Break > EndlessAnswer:
		mistake = fmt.Sprintf("there is no Break %d", f.Break)
	default:
		return
	}
	panic("m3tertest: " + caller + ": " + mistake)
}

func isOperation(name string) bool {
	for _, op := range operations {
		if op.name == name {
			return true
		}
	}
	return false
}

func (f Fault) meets(operation string) bool {
	return operation == f.Operation || f.Operation == "" && operation != "Token"
}

// answer sends the scripted response.
func (f Fault) answer(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	for name, values := range f.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	if f.Body == "" {
		writeJSON(w, f.Status, gen.ErrorMessage{Message: cmp.Or(http.StatusText(f.Status), fmt.Sprintf("status %d", f.Status))})
		return
	}
	setJSON(header)
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body)) // fails only when the client is gone
}

package m3tertest

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A Fault is a scripted failure of a request: see [Server.Inject]. The zero values of CarriedOut, Delay, Status,
// Header, Body and Break have no effect. A Fault that sets only Operation and Times lets the requests that it matches
// pass, so that the next Fault in the queue applies to a later request.
type Fault struct {
	// Operation is the operation that fails, named as in [Request]. "" means every request other than a token request,
	// including a request that matches no operation. To make token requests fail, use "Token". An unknown operation makes
	// Inject panic.
	Operation string

	// Times is the number of requests that fail; 0 means all requests until [Server.ClearFaults].
	Times int

	// CarriedOut makes the server carry out the request first. This simulates a response that is late or that a gateway
	// replaces: after Delay, the server sends the real response or, if Status is set, the response given by Status, Header
	// and Body.
	CarriedOut bool

	// Delay is how long the server waits before it acts on the request or, with CarriedOut, before it responds. The server
	// reads the request body first, so that it notices if the client disconnects; with [DropBeforeBody], it does not read
	// the body, so it may not notice. If the client disconnects or the server is closed, the delay ends and nothing else
	// happens.
	Delay time.Duration

	// Status is the response status, 200 to 999. If Status is set, the request is not carried out unless CarriedOut is set
	// too. A client that renews its access token recovers from one 401 or 403; for a lasting denial, leave Times zero.
	Status int

	// Header and Body are the header and body of the scripted response. They need a Status. The Content-Type is
	// application/json unless Header sets a different one; an empty Body becomes {"message": "..."}.
	Header http.Header
	Body   string

	// Break is how the connection fails. If Status is set, Break applies to the response given by Status, Header and Body;
	// otherwise it applies to the real response.
	Break Break
}

// A Break is a way for a connection to fail. In the descriptions of the constants, "carries out the request" means that
// the server handles the request in the usual way, which may be to refuse it. If the [Fault] has a Status without
// CarriedOut, the server does not carry out the request, and DropAnswer, CutAnswer and EndlessAnswer break the response
// given by Status, Header and Body.
//
// A net/http client retries some requests by itself, such as a GET on a reused connection that is dropped. Each of
// these retries counts as a separate request, both for Times and in [Server.Requests].
type Break int

const (
	// DropBeforeBody closes the connection before the server reads the request body. The request is not carried out.
	DropBeforeBody Break = iota + 1
	// DropAfterBody closes the connection after the server has read the request body. The request is not carried out.
	DropAfterBody
	// DropAnswer carries out the request and closes the connection without a response.
	DropAnswer
	// CutAnswer carries out the request, announces the full length of the response body, sends half of the body, and
	// closes the connection. A response without a body (a 204, a 304, or the response to a HEAD request) breaks off in its
	// header.
	CutAnswer
	// EndlessAnswer carries out the request, and sends spaces instead of the last byte of the response body until the
	// client disconnects. If the response body is a JSON object, array or string, the bytes that arrive are always the
	// beginning of a valid JSON value. A response without a body never arrives.
	EndlessAnswer
)

// mustBeValid panics if a fault is not valid, which is a mistake in the test.
func (f Fault) mustBeValid(caller string) {
	mistake := ""
	switch {
	case f.Operation != "" && !isOperation(f.Operation):
		mistake = fmt.Sprintf("there is no operation %q", f.Operation)
	case f.Times < 0:
		mistake = fmt.Sprintf("Times is negative (%d)", f.Times)
	case f.Delay < 0:
		mistake = fmt.Sprintf("Delay is negative (%v)", f.Delay)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		mistake = fmt.Sprintf("Status is %d; it must be 200 to 999", f.Status)
	case f.Status == 0 && (f.Header != nil || f.Body != ""):
		mistake = "Header and Body need a Status"
	case f.CarriedOut && (f.Break == DropBeforeBody || f.Break == DropAfterBody):
		mistake = "CarriedOut can't be combined with DropBeforeBody or DropAfterBody"
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
	_, _ = w.Write([]byte(f.Body)) // fails only if the client is gone
}

package m3tertest

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A Fault is what goes wrong with a request, see [Server.Inject]. Zero fields are absent; a Fault with nothing but
// Operation and Times lets its requests pass, so that a later one is the first to fail.
type Fault struct {
	// Operation is the operation that is met, named as in [Request]. "" is every request except those for a token,
	// also where the path is of no operation; "Token" has to be named. An unknown one makes Inject panic.
	Operation string

	// Times is how many requests are met; 0 is all, until [Server.ClearFaults].
	Times int

	// CarriedOut has the request carried out first, as by a service whose answer comes too late, or is replaced by a
	// gateway: then Delay passes, and what Status scripts is answered in place of the real answer.
	CarriedOut bool

	// Delay passes before anything else is done about the request; only its body is read first (not before a
	// [DropBeforeBody]), or the server would not notice that the client leaves. When it leaves, or the server is
	// closed, the delay ends, and nothing more is done.
	Delay time.Duration

	// Status is answered, 200 to 999, instead of carrying the request out (unless CarriedOut). A 401 or 403 for one time
	// is cured by a client that renews its token and tries again; a denial that stays has Times 0.
	Status int

	// Header and Body go with Status. The Content-Type is application/json unless Header has another; an empty
	// Body becomes {"message": "..."}.
	Header http.Header
	Body   string

	// Break is how the connection fails, for the answer that Status scripts or else for that of the carried-out
	// request.
	Break Break
}

// A Break is how a connection fails a client. "Carried out" stands for what the server does without a fault, a
// refusal of the request included.
//
// A net/http client sends some requests again by itself, as a GET on a connection that was in use before and is
// dropped; each time counts as a request here.
type Break int

const (
	// DropBeforeBody closes the connection before the body of the request is read. Nothing is carried out.
	DropBeforeBody Break = iota + 1
	// DropAfterBody closes the connection when the body was read. Nothing is carried out.
	DropAfterBody
	// DropAnswer closes the connection when the request was carried out. Nothing is answered.
	DropAnswer
	// CutAnswer carries the request out, announces the whole length of the answer, sends half of its body, and
	// closes the connection. An answer without a body (204, 304, or to a HEAD) is cut in its header.
	CutAnswer
	// EndlessAnswer carries the request out, and sends spaces in place of the last character of the answer, until
	// the client leaves. Whatever arrived of JSON is the beginning of a valid value. An answer without a body doesn't come
	// until the client leaves.
	EndlessAnswer
)

// mustBeSound panics for what only a mistake in a test can have meant.
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
		mistake = "a request that is carried out and dropped before"
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

// answer sends the scripted answer.
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

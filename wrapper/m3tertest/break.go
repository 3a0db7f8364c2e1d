package m3tertest

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// failedBeforeBody drops the connection of requests whose body must not be read.
func failedBeforeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := progressOf(r).fault; fault.Break == DropBeforeBody {
			pause(w, r, fault.Delay)
			drop(w)
		}
		next.ServeHTTP(w, r)
	})
}

// failed applies all other parts of a fault, before, after or instead of carrying out the request.
func failed(carryOut http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := progressOf(r).fault
		handler := carryOut
		if fault.CarriedOut {
			handler = hold(carryOut, r)
		}
		pause(w, r, fault.Delay)
		if fault.Status != 0 {
			handler = http.HandlerFunc(fault.answer)
		}
		switch fault.Break {
		case DropAfterBody:
			drop(w)
		case DropAnswer:
			hold(handler, r)
			drop(w)
		case CutAnswer:
			hold(handler, r).sendCut(w, r)
		case EndlessAnswer:
			hold(handler, r).sendEndless(w, r)
		default:
			handler.ServeHTTP(w, r)
		}
	})
}

// pause waits for d. If the context of the request is done first, pause aborts the request, since the client has
// disconnected or the server is being closed.
func pause(w http.ResponseWriter, r *http.Request, d time.Duration) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		drop(w)
	}
}

// drop closes the connection and ends the handler. It hijacks the connection to close it, because after a panic with
// http.ErrAbortHandler alone, net/http would first read the rest of the body. Some connections, such as those of
// HTTP/2, can't be hijacked; drop then leaves the closing to net/http.
func drop(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// hasBody reports whether net/http sends a body with the response.
func (a *heldAnswer) hasBody(r *http.Request) bool {
	return r.Method != http.MethodHead && a.status != http.StatusNoContent && a.status != http.StatusNotModified
}

// sendCut sends half of the body; net/http then closes the connection, since the body is too short. A response without
// a body breaks off in its header.
func (a *heldAnswer) sendCut(w http.ResponseWriter, r *http.Request) {
	if !a.hasBody(r) {
		a.cutHeader(w, r)
		return
	}
	a.header.Set("Content-Length", strconv.Itoa(a.body.Len()))
	a.sendHeader(w)
	_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2]) // fails only if the client is gone
}

// cutHeader sends the beginning of a header, or nothing if the connection can't be hijacked.
func (a *heldAnswer) cutHeader(w http.ResponseWriter, r *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		progressOf(r).note(func(kept *Request) { kept.Status = a.status })
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %03d %s\r\nContent-", a.status, http.StatusText(a.status)) // fails only if the client is gone
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// sendEndless sends the body without its last byte, and then spaces until the client disconnects. For a response
// without a body it sends nothing, not even the header.
func (a *heldAnswer) sendEndless(w http.ResponseWriter, r *http.Request) {
	if !a.hasBody(r) {
		<-r.Context().Done()
		drop(w)
	}
	a.header.Del("Content-Length")
	a.sendHeader(w)
	body := bytes.TrimSpace(a.body.Bytes())
	_, err := w.Write(body[:max(0, len(body)-1)])
	for spaces := bytes.Repeat([]byte(" "), 32<<10); err == nil && r.Context().Err() == nil; {
		_, err = w.Write(spaces)
		pause(w, r, time.Millisecond) // so that the clock of a bubble can reach the client's timeout
	}
	drop(w) // a return would complete the response
}

package m3tertest

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// failedBeforeBody breaks off requests whose body isn't to be read.
func failedBeforeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := progressOf(r).fault; fault.Break == DropBeforeBody {
			pause(w, r, fault.Delay)
			drop(w)
		}
		next.ServeHTTP(w, r)
	})
}

// failed does what else a fault says, around the carrying out of the request or in place of it.
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

// pause waits. The request breaks off when its context ends first, since nobody is left to be answered.
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

// drop closes the connection and ends the handler. http.ErrAbortHandler alone has net/http read the rest of the body
// before it closes; it must do where a connection can't be taken over, as in HTTP/2.
func drop(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// hasBody tells whether net/http sends a body with the answer.
func (a *heldAnswer) hasBody(r *http.Request) bool {
	return r.Method != http.MethodHead && a.status != http.StatusNoContent && a.status != http.StatusNotModified
}

// sendCut leaves it to net/http to close the connection, as it does after too short a body. Without a body the header
// is cut.
func (a *heldAnswer) sendCut(w http.ResponseWriter, r *http.Request) {
	if !a.hasBody(r) {
		a.cutHeader(w, r)
		return
	}
	a.header.Set("Content-Length", strconv.Itoa(a.body.Len()))
	a.sendHeader(w)
	_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2]) // fails only when the client is gone
}

// cutHeader sends the beginning of a header, and nothing where a connection can't be taken over.
func (a *heldAnswer) cutHeader(w http.ResponseWriter, r *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		progressOf(r).note(func(kept *Request) { kept.Status = a.status })
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %03d %s\r\nContent-", a.status, http.StatusText(a.status)) // fails only when the client is gone
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// sendEndless sends spaces until the client leaves. Without a body nothing can be endless but the wait for the header.
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
	}
	drop(w) // to return would be to end the answer
}

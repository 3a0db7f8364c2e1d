package m3tertest

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// failedBeforeBody breaks off requests whose body isn't to be read.
func failedBeforeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := exchangeOf(r).fault; fault.Break == DropBeforeBody {
			pause(w, r, fault.Delay)
			drop(w)
		}
		next.ServeHTTP(w, r)
	})
}

// failed does what else a fault says, around the carrying out of the request or in place of it.
func failed(carryOut http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := exchangeOf(r).fault
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
			hold(handler, r).sendCut(w)
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

// sendCut leaves it to net/http to close the connection, as it does after too short a body.
func (a *heldAnswer) sendCut(w http.ResponseWriter) {
	a.header.Set("Content-Length", strconv.Itoa(a.body.Len()))
	a.sendHeader(w)
	_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2]) // fails only when the client is gone
}

func (a *heldAnswer) sendEndless(w http.ResponseWriter, r *http.Request) {
	a.header.Del("Content-Length")
	a.sendHeader(w)
	body := bytes.TrimSpace(a.body.Bytes())
	_, err := w.Write(body[:max(0, len(body)-1)])
	for spaces := bytes.Repeat([]byte(" "), 32<<10); err == nil && r.Context().Err() == nil; {
		_, err = w.Write(spaces)
	}
	drop(w) // to return would be to end the answer
}

package m3tertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// refusal is an error that becomes a 4xx response.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// writeError sends a refusal in m3ter's form, {"message": "..."}. Any other error is a bug in this package.
func writeError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var refused *refusal
	if errors.As(err, &refused) {
		status = refused.status
	}
	writeJSON(w, status, gen.ErrorMessage{Message: err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	setJSON(w.Header())
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only if the client is gone
}

// setJSON sets the Content-Type, unless a fault has set it. A fault suppresses the Content-Type by setting it without
// values.
func setJSON(header http.Header) {
	if _, set := header["Content-Type"]; !set {
		header.Set("Content-Type", "application/json")
	}
}

// A heldAnswer is a response that is sent later or not at all.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func hold(handler http.Handler, r *http.Request) *heldAnswer {
	answer := &heldAnswer{header: make(http.Header)}
	handler.ServeHTTP(answer, r)
	return answer
}

func (a *heldAnswer) Header() http.Header         { return a.header }
func (a *heldAnswer) WriteHeader(status int)      { a.status = status }
func (a *heldAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *heldAnswer) sendHeader(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
}

// ServeHTTP sends the held response.
func (a *heldAnswer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	a.sendHeader(w)
	_, _ = w.Write(a.body.Bytes()) // fails only if the client is gone
}

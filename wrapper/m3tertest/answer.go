package m3tertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// refusal is the error of a request that is answered with a status of 4xx.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// writeError answers a refusal as m3ter does, with {"message": "..."}. Any other error is a fault of this package.
func writeError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var refused *refusal
	if errors.As(err, &refused) {
		status = refused.status
	}
	writeJSON(w, status, gen.ErrorMessage{Message: err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only when the client is gone
}

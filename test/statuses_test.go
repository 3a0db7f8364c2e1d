package test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

var sentinels = []error{
	m3teraccess.ErrBadRequest, m3teraccess.ErrUnauthorized, m3teraccess.ErrForbidden, m3teraccess.ErrNotFound,
	m3teraccess.ErrConflict, m3teraccess.ErrVersionConflict, m3teraccess.ErrRateLimited, m3teraccess.ErrServer, m3teraccess.ErrOutcomeUnknown,
	m3teraccess.ErrRepeatedToken,
}

// Each status matches the listed errors. Only the error of a write matches ErrOutcomeUnknown.
func TestStatuses(t *testing.T) {
	for status, want := range map[int][]error{
		400: {m3teraccess.ErrBadRequest},
		401: {m3teraccess.ErrUnauthorized},
		402: {},
		403: {m3teraccess.ErrForbidden},
		404: {m3teraccess.ErrNotFound},
		405: {},
		408: {m3teraccess.ErrOutcomeUnknown},
		413: {},
		429: {m3teraccess.ErrRateLimited},
		500: {m3teraccess.ErrServer, m3teraccess.ErrOutcomeUnknown},
		502: {m3teraccess.ErrServer, m3teraccess.ErrOutcomeUnknown},
		503: {m3teraccess.ErrServer, m3teraccess.ErrOutcomeUnknown},
		504: {m3teraccess.ErrServer, m3teraccess.ErrOutcomeUnknown},
	} {
		for _, call := range calls {
			t.Run(fmt.Sprintf("%d/%s", status, call.name), func(t *testing.T) {
				a := keeps(status, `{"message":"why"}`)
				a.header = map[string]string{"X-Request-Id": "r-1", "Retry-After": "7"}
				err := call.do(t.Context(), newLocalClient(t, viaHandler{a}))
				for _, sentinel := range sentinels {
					expected := slices.Contains(want, sentinel) && (call.write || sentinel != m3teraccess.ErrOutcomeUnknown)
					if got := errors.Is(err, sentinel); got != expected {
						t.Errorf("matches %v: %t", sentinel, got)
					}
				}
				var failure *m3teraccess.Error
				if !errors.As(err, &failure) {
					t.Fatalf("got %T %v", err, err)
				}
				if failure.StatusCode != status || failure.Message != "why" || failure.RequestID != "r-1" || failure.RetryAfter != 7*time.Second {
					t.Errorf("got %+v", failure)
				}
			})
		}
	}
}

// Without a response, m3ter may have carried out a write, unless the write certainly never left.
func TestNoAnswer(t *testing.T) {
	hangsUp := newService(t, answer{then: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }})
	nobody := newService(t, answer{})
	nobody.Close()
	for _, call := range calls {
		err := call.do(t.Context(), hangsUp.client(t))
		if err == nil || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != call.write {
			t.Errorf("%s: the connection was cut: %v", call.name, err)
		}
		if strings.HasSuffix(fmt.Sprint(err), "to find out, ") {
			t.Errorf("%s: the error does not tell how to find out: %v", call.name, err)
		}
		err = call.do(t.Context(), nobody.client(t))
		var dial *net.OpError
		if !errors.As(err, &dial) || dial.Op != "dial" || errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
			t.Errorf("%s: there was no connection: %v", call.name, err)
		}
	}
}

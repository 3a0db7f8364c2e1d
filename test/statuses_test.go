package test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

var sentinels = []error{
	m3teraccess.ErrBadRequest, m3teraccess.ErrUnauthorized, m3teraccess.ErrForbidden, m3teraccess.ErrNotFound,
	m3teraccess.ErrConflict, m3teraccess.ErrVersionConflict, m3teraccess.ErrRateLimited, m3teraccess.ErrServer, m3teraccess.ErrOutcomeUnknown,
	m3teraccess.ErrRepeatedToken,
}

// What errors.Is finds for each status; ErrOutcomeUnknown goes for writes alone.
func TestStatuses(t *testing.T) {
	tests := map[int][]error{
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
	}
	for status, want := range tests {
		for _, call := range calls {
			t.Run(fmt.Sprintf("%d/%s", status, call.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // in which it takes no time, should it be sent again
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
			})
		}
	}
}

// Without an answer a write may have been done, unless it is certain that it never left.
func TestNoAnswer(t *testing.T) {
	hangsUp := newService(t, answer{then: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }})
	nobody := newService(t, answer{})
	nobody.Close()
	for _, call := range calls {
		t.Run(call.name, func(t *testing.T) {
			err := call.do(t.Context(), hangsUp.client(t))
			if err == nil || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != call.write {
				t.Errorf("the connection was cut: %v", err)
			}
			if strings.HasSuffix(err.Error(), "to find out, ") {
				t.Errorf("it does not tell how to find out: %v", err)
			}
			err = call.do(t.Context(), nobody.client(t))
			var dial *net.OpError
			if !errors.As(err, &dial) || dial.Op != "dial" || errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
				t.Errorf("there was no connection: %v", err)
			}
			// A transport of the caller's that reports nothing proves nothing.
			err = call.do(t.Context(), newLocalClient(t, transportFunc(func(*http.Request) (*http.Response, error) {
				return nil, syscall.ECONNREFUSED
			})))
			if !errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != call.write {
				t.Errorf("it may have left: %v", err)
			}
		})
	}
}

package m3tertest_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestDelay(t *testing.T) {
	const delay, left = time.Minute, time.Hour // the client leaves after an hour
	for name, tt := range map[string]struct {
		method string
		fault  m3tertest.Fault
		took   time.Duration
	}{
		"alone":            {"POST", m3tertest.Fault{Delay: delay}, delay},
		"status":           {"POST", m3tertest.Fault{Delay: delay, Status: 503}, delay},
		"carried out":      {"POST", m3tertest.Fault{Delay: delay, CarriedOut: true}, delay},
		"before body":      {"POST", m3tertest.Fault{Delay: delay, Break: m3tertest.DropBeforeBody}, delay},
		"after body":       {"POST", m3tertest.Fault{Delay: delay, Break: m3tertest.DropAfterBody}, delay},
		"response dropped": {"POST", m3tertest.Fault{Delay: delay, Break: m3tertest.DropAnswer}, delay},
		"response cut":     {"POST", m3tertest.Fault{Delay: delay, Break: m3tertest.CutAnswer}, delay},
		"response endless": {"POST", m3tertest.Fault{Delay: delay, Break: m3tertest.EndlessAnswer}, delay},

		// These responses have no body, and never arrive.
		"endless 204":         {"PUT", m3tertest.Fault{Status: 204, Break: m3tertest.EndlessAnswer}, left},
		"endless 304":         {"GET", m3tertest.Fault{Status: 304, Break: m3tertest.EndlessAnswer}, left},
		"endless to HEAD":     {"HEAD", m3tertest.Fault{Break: m3tertest.EndlessAnswer}, left},
		"endless 503 to HEAD": {"HEAD", m3tertest.Fault{Status: 503, Break: m3tertest.EndlessAnswer}, left},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t)
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), left)
				defer cancel()
				r := c.link().WithContext(ctx)
				r.Method = tt.method
				c.fake.Inject(tt.fault)
				_, err := c.attempt(r)
				if took := time.Since(start).Truncate(time.Second); took != tt.took || !c.last().Time.Equal(start) {
					t.Errorf("took %v, recorded at %v; %v", took, c.last().Time, err)
				}
			})
		})
	}
}

// During the delay the request is in the record. It is carried out after the delay, or with CarriedOut before it.
func TestDelayComesFirst(t *testing.T) {
	for _, carriedOut := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := inMemory(t)
			r := c.link()
			c.fake.Inject(m3tertest.Fault{CarriedOut: carriedOut, Delay: time.Minute})
			go c.attempt(r)
			time.Sleep(time.Minute - time.Nanosecond)
			if got := c.last(); string(got.Body) != linkBody || got.Status != 0 || got.Applied != carriedOut {
				t.Errorf("recorded %+v", got)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if got := c.last(); got.Status != 200 || !got.Applied {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

// The server notices that the client has left. Only the goroutine that listens remains.
func TestDelayEndsWithTheClient(t *testing.T) {
	for transport, start := range transports {
		t.Run(transport, func(t *testing.T) {
			before := runtime.NumGoroutine()
			c := start(t)
			ctx, cancel := context.WithCancel(t.Context())
			r := c.link().WithContext(ctx)
			c.fake.Inject(m3tertest.Fault{Delay: time.Hour})
			go func() {
				c.arrive(0)
				cancel()
			}()
			_, err := c.attempt(r)
			if got := c.last(); !errors.Is(err, context.Canceled) || got.Status != 0 || got.Applied {
				t.Errorf("error %v, recorded %+v", err, got)
			}
			noMoreGoroutines(t, before+1)
		})
	}
}

// A response that never ends does not stop the clock of a bubble, so the client's timeout ends the request.
func TestEndlessAnswerInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c.fake.Inject(m3tertest.Fault{Break: m3tertest.EndlessAnswer})
		resp, err := c.fake.Client().Do(c.link().WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

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
	for name, fault := range map[string]m3tertest.Fault{
		"alone":          {},
		"status":         {Status: 503},
		"before body":    {Break: m3tertest.DropBeforeBody},
		"after body":     {Break: m3tertest.DropAfterBody},
		"answer dropped": {Break: m3tertest.DropAnswer},
		"answer cut":     {Break: m3tertest.CutAnswer},
		"answer endless": {Break: m3tertest.EndlessAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t)
				r := c.link()
				fault.Delay = time.Minute
				c.fake.Inject(fault)
				start := time.Now()
				_, err := c.attempt(r)
				if took := time.Since(start); took != time.Minute || !c.last().Time.Equal(start) {
					t.Errorf("took %v, recorded at %v; %v", took, c.last().Time, err)
				}
			})
		})
	}
}

// During the delay the request is in the record, and not carried out.
func TestDelayComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		r := c.link()
		c.fake.Inject(m3tertest.Fault{Delay: time.Minute})
		go c.attempt(r)
		time.Sleep(time.Minute - time.Nanosecond)
		if got := c.last(); got.Operation != "AddPermissionPolicyToUser" || string(got.Body) != linkBody || got.Status != 0 || got.Applied {
			t.Errorf("recorded %+v", got)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if got := c.last(); got.Status != 200 || !got.Applied {
			t.Errorf("recorded %+v", got)
		}
	})
}

func TestDelayEndsWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		leaveDuringDelay(c, ctx)
		c.fake.Close() // waits for the request
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// The fake learns from the socket that the client has left.
func TestDelayEndsWithTheClientOverLoopback(t *testing.T) {
	before := runtime.NumGoroutine()
	c := overLoopback(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c.arrive()
		cancel()
	}()
	leaveDuringDelay(c, ctx)
	noMoreGoroutines(t, before+1) // the listener has one
}

// leaveDuringDelay sends a request that is delayed for longer than its context lasts.
func leaveDuringDelay(c *caller, ctx context.Context) {
	r := c.link().WithContext(ctx)
	c.fake.Inject(m3tertest.Fault{Delay: time.Hour})
	_, err := c.attempt(r)
	if got := c.last(); !errors.Is(err, ctx.Err()) || got.Status != 0 || got.Applied {
		c.t.Errorf("error %v, recorded %+v", err, got)
	}
}

// Close ends every fault at once, and leaves no goroutine behind.
func TestCloseDuringFault(t *testing.T) {
	for name, fault := range map[string]m3tertest.Fault{
		"delay":             {Delay: time.Hour},
		"delay before body": {Delay: time.Hour, Break: m3tertest.DropBeforeBody},
		"endless answer":    {Break: m3tertest.EndlessAnswer},
	} {
		for transport, start := range transports {
			if transport == "mounted" {
				continue // Close doesn't end the connections of another server
			}
			t.Run(name+"/"+transport, func(t *testing.T) {
				before := runtime.NumGoroutine()
				c := start(t)
				r := c.link()
				c.fake.Inject(fault)
				ended := make(chan error)
				go func() {
					resp, err := c.client.Do(r)
					if err == nil { // the rest of the response follows after Close
						ended <- nil
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					ended <- err
				}()
				c.arrive()
				if fault.Break == m3tertest.EndlessAnswer {
					<-ended
				}
				c.fake.Close()
				if err := <-ended; err == nil {
					t.Error("the request outlived Close")
				}
				c.client.CloseIdleConnections()
				noMoreGoroutines(t, before)
			})
		}
	}
}

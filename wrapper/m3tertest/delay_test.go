package m3tertest_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
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
				c, path := linker(t, inMemory)
				fault.Delay = time.Minute
				c.fake.Inject(fault)
				start := time.Now()
				_, err := c.attempt(c.request("POST", path, strings.NewReader(linkBody)))
				if took := time.Since(start); took != time.Minute {
					t.Errorf("took %v; %v", took, err)
				}
				if got := c.last(); !got.Time.Equal(start) {
					t.Errorf("recorded %v late", got.Time.Sub(start))
				}
			})
		})
	}
}

// The request is in the record, and not carried out, as long as the delay lasts.
func TestDelayComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, path := linker(t, inMemory)
		c.fake.Inject(m3tertest.Fault{Delay: time.Minute})
		go c.attempt(c.request("POST", path, strings.NewReader(linkBody)))
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
		c, path := linker(t, inMemory)
		c.fake.Inject(m3tertest.Fault{Delay: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.attempt(c.request("POST", path, strings.NewReader(linkBody)).WithContext(ctx))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		c.fake.Close() // waits for the request
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v", took)
		}
		if got := c.last(); got.Status != 0 || got.Applied {
			t.Errorf("recorded %+v", got)
		}
	})
}

// The sockets tell the server, too, that the client has left.
func TestDelayEndsWithTheClientOverLoopback(t *testing.T) {
	before := runtime.NumGoroutine()
	c, path := linker(t, overLoopback)
	c.fake.Inject(m3tertest.Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := c.attempt(c.request("POST", path, strings.NewReader(linkBody)).WithContext(ctx))
		ended <- err
	}()
	for len(c.fake.Requests()) < 2 {
		runtime.Gosched()
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	noMoreGoroutines(t, before+1) // the listener's
	if got := c.last(); got.Status != 0 || got.Applied {
		t.Errorf("recorded %+v", got)
	}
}

// Close waits for no fault, and leaves no goroutine behind.
func TestCloseDuringFault(t *testing.T) {
	for name, fault := range map[string]m3tertest.Fault{
		"delay":             {Delay: time.Hour},
		"delay before body": {Delay: time.Hour, Break: m3tertest.DropBeforeBody},
		"endless answer":    {Break: m3tertest.EndlessAnswer},
	} {
		for transport, start := range transports {
			t.Run(name+"/"+transport, func(t *testing.T) {
				before := runtime.NumGoroutine()
				c, path := linker(t, start)
				c.fake.Inject(fault)
				answered, ended := make(chan struct{}), make(chan error)
				go func() {
					resp, err := c.client.Do(c.request("POST", path, strings.NewReader(linkBody)))
					close(answered)
					if err == nil { // the answer is read only after Close
						ended <- nil
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					ended <- err
				}()
				for len(c.fake.Requests()) < 2 {
					runtime.Gosched()
				}
				if fault.Break == m3tertest.EndlessAnswer {
					<-answered
				}
				c.fake.Close()
				err := <-ended
				if fault.Break == m3tertest.EndlessAnswer {
					err = <-ended
				}
				if err == nil {
					t.Error("the request outlived Close")
				}
				c.client.CloseIdleConnections()
				noMoreGoroutines(t, before)
			})
		}
	}
}

// In a bubble it takes no time either, and the bubble would not end if a goroutine were left.
func TestCloseDuringFaultInBubble(t *testing.T) {
	for _, fault := range []m3tertest.Fault{{}, {Break: m3tertest.DropBeforeBody}} {
		synctest.Test(t, func(t *testing.T) {
			c, path := linker(t, inMemory)
			fault.Delay = time.Hour
			c.fake.Inject(fault)
			go c.attempt(c.request("POST", path, strings.NewReader(linkBody)))
			synctest.Wait()
			start := time.Now()
			c.fake.Close()
			if took := time.Since(start); took != 0 {
				t.Errorf("Close took %v", took)
			}
		})
	}
}

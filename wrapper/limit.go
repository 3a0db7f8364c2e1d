package m3teraccess

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A Limiter paces what a client sends: see [WithLimiter]. A *rate.Limiter of golang.org/x/time/rate is one, and so may
// be a limiter that a fleet shares.
type Limiter interface {
	// Wait blocks until one more request may leave, or returns an error when the context ends first. With an error the
	// request is not sent, and the call ends with it. Wait is called concurrently.
	Wait(context.Context) error
}

// m3ter takes 50 requests a second from an organization. One less, and a little more than a second, leave room for what
// the network does to the distance between two requests.
const (
	windowGrants = 49
	windowLength = 1010 * time.Millisecond
)

// A slidingWindow is the default limiter: windowGrants in any windowLength. So a small burst on an idle client is not
// delayed, and the rate is kept all the same; a token bucket has to give up one of the two.
type slidingWindow struct {
	turn   chan struct{} // held by who takes the next grant; the others queue for it, in order
	grants [windowGrants]time.Time
	oldest int
}

func newSlidingWindow() *slidingWindow { return &slidingWindow{turn: make(chan struct{}, 1)} }

func (w *slidingWindow) Wait(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := pause(ctx, time.Until(w.grants[w.oldest].Add(windowLength))); err != nil {
		return err
	}
	w.grants[w.oldest] = time.Now()
	w.oldest = (w.oldest + 1) % windowGrants
	return nil
}

// A pace is what the callers of one organization share: a limiter, and the hold-back after the service refused one of
// them as over the rate.
type pace struct {
	limiter Limiter

	mu   sync.Mutex
	held time.Time // nothing leaves before
}

// hold keeps every caller of the organization back for d, or longer if they are held already.
func (p *pace) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.held) {
		p.held = until
	}
}

func (p *pace) holdLeft() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.held)
}

// wait blocks until a request may leave. After a hold-back it goes by the limiter again, or all who were held would
// leave together.
func (p *pace) wait(ctx context.Context) error {
	for {
		if err := pause(ctx, p.holdLeft()); err != nil {
			return err
		}
		if err := p.limiter.Wait(ctx); err != nil {
			return err
		}
		if p.holdLeft() <= 0 {
			return nil
		}
	}
}

// paces has one pace for each organization, however often Organization is asked for it.
type paces struct {
	limiter Limiter // the caller's, for all organizations; nil: one of its own for each

	mu    sync.Mutex
	byOrg map[string]*pace
}

func newPaces(limiter Limiter) *paces { return &paces{limiter: limiter, byOrg: make(map[string]*pace)} }

func (p *paces) of(orgID string) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byOrg[orgID] == nil {
		limiter := p.limiter
		if limiter == nil {
			limiter = newSlidingWindow()
		}
		p.byOrg[orgID] = &pace{limiter: limiter}
	}
	return p.byOrg[orgID]
}

// limit lets an attempt wait for its turn.
func limit(next layer) layer {
	return func(ctx context.Context, c *call) (*answer, error) {
		if err := c.pace.wait(ctx); err != nil {
			return nil, fmt.Errorf("waiting for the rate limit: %w", err)
		}
		return next(ctx, c)
	}
}

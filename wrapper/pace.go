package m3teraccess

import (
	"context"
	"runtime"
	"sync"
	"time"
	"weak"
)

// A pace is what the callers of one organization share: their slots, and the hold-back after the service refused one of
// them as over the rate.
type pace struct {
	slots    slotSource
	holdBack func(time.Duration) // tells the caller's limiter of a hold-back; nil where it has no use for that

	mu      sync.Mutex
	held    time.Time // nothing leaves before
	busy    time.Time // until when the pace has something to remember
	keeping bool      // a timer keeps the pace until then
}

func newPace(limiter Limiter) *pace {
	if isNil(limiter) {
		return &pace{slots: newSlidingWindow()}
	}
	p := &pace{slots: callerSlots{limiter}}
	if l, ok := limiter.(interface{ HoldBack(time.Duration) }); ok {
		p.holdBack = l.HoldBack
	}
	return p
}

// hold keeps every caller of the organization back for d, or longer if they are held already.
func (p *pace) hold(d time.Duration) {
	if p.holdBack != nil {
		p.holdBack(d)
	}
	p.mu.Lock()
	if until := time.Now().Add(d); until.After(p.held) {
		p.held = until
	}
	p.mu.Unlock()
	p.keep(d)
}

// holdLeft returns how long the callers are still held, 0 or less if they are not.
func (p *pace) holdLeft() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held.IsZero() {
		return 0 // without a look at the clock, which most calls then never need
	}
	return time.Until(p.held)
}

// wait blocks until a request may leave. After a hold-back it takes another slot, or all who were held would leave
// together.
func (p *pace) wait(ctx context.Context) (leaves func(), err error) {
	for {
		if err := pause(ctx, p.holdLeft()); err != nil {
			return nil, err
		}
		if leaves, err = p.slots.take(ctx); err != nil || p.holdLeft() <= 0 {
			p.keep(windowLength)
			return leaves, err
		}
	}
}

// keep holds on to the pace for d, though no client of its organization may be left: one that is made meanwhile is to go
// on at this pace.
func (p *pace) keep(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.busy) {
		p.busy = until
	}
	if !p.keeping {
		p.keeping = true
		time.AfterFunc(d, p.release)
	}
}

func (p *pace) release() {
	p.mu.Lock()
	p.keeping = false
	left := time.Until(p.busy)
	p.mu.Unlock()
	if left > 0 {
		p.keep(left)
	}
}

// paces has the pace of each organization that has a client or is busy. It forgets the others.
type paces struct {
	limiterOf func(orgID string) Limiter // nil, or a nil result: one of our own

	mu    sync.Mutex
	byOrg map[string]weak.Pointer[pace]
}

func newPaces(limiterOf func(orgID string) Limiter) *paces {
	return &paces{limiterOf: limiterOf, byOrg: make(map[string]weak.Pointer[pace])}
}

func (p *paces) of(orgID string) *pace {
	if known := p.known(orgID); known != nil {
		return known
	}
	var limiter Limiter
	if p.limiterOf != nil {
		limiter = p.limiterOf(orgID) // without the lock: it is the caller's, and may come back here
	}
	return p.keep(orgID, newPace(limiter))
}

func (p *paces) known(orgID string) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byOrg[orgID].Value()
}

// keep keeps a pace as long as it is used, and returns it, or the one that another caller has kept meanwhile.
func (p *paces) keep(orgID string, made *pace) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.byOrg[orgID].Value(); known != nil {
		return known
	}
	pointer := weak.Make(made)
	p.byOrg[orgID] = pointer
	runtime.AddCleanup(made, func(orgID string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.byOrg[orgID] == pointer { // and not a successor's
			delete(p.byOrg, orgID)
		}
	}, orgID)
	return made
}

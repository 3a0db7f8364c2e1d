package m3teraccess

import (
	"context"
	"runtime"
	"sync"
	"time"
	"weak"
)

// A pace limits the rate of the attempts of all calls for one organization. It hands out slots. When m3ter refuses a
// request because of the rate limit, the pace holds back all calls for a time.
type pace struct {
	slots    slotSource
	holdBack func(time.Duration) // tells the caller's limiter about a hold-back; may be nil

	mu      sync.Mutex
	held    time.Time // no request is sent before this time
	busy    time.Time // when the pace can be forgotten
	keeping bool      // a timer keeps the pace until the time in busy
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

// hold delays all calls for the organization for d, or until an earlier hold-back ends if that is later.
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

// holdLeft returns the rest of the hold-back, 0 or less if there is none.
func (p *pace) holdLeft() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held.IsZero() {
		return 0 // without a hold-back, holdLeft need not read the clock
	}
	return time.Until(p.held)
}

// wait blocks until a request may be sent. If a hold-back begins while wait takes a slot, wait takes another slot after
// the hold-back, since otherwise all held requests would be sent together.
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

// keep keeps the pace for d even if its organization has no client left, so that a new client continues with the same
// pace.
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

// paces keeps the pace of each organization that has a client or was busy recently. It forgets the others.
type paces struct {
	limiterOf func(orgID string) Limiter // nil, or a nil result: the default limiter

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
		limiter = p.limiterOf(orgID) // without the lock, because the caller's function may call p.of
	}
	return p.keep(orgID, newPace(limiter))
}

func (p *paces) known(orgID string) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byOrg[orgID].Value()
}

// keep stores a pace for as long as it is in use, and returns it. If another caller has stored a pace in the meantime,
// keep returns that pace instead.
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
		if p.byOrg[orgID] == pointer { // do not delete the pace of a later client
			delete(p.byOrg, orgID)
		}
	}, orgID)
	return made
}

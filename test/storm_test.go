package test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

var stormSeed = flag.Uint64("storm.seed", 0, "the seed of the storm; 0 draws one")

const (
	stormCallers = 500
	stormCalls   = 6 // per caller
)

// A storm is 500 concurrent callers and random faults. The fake's record shows whether the error of each call is true.
// The seed determines the calls and the faults; the scheduler assigns the faults to the calls.
func TestStorm(t *testing.T) {
	seed := drawSeed(t)
	synctest.Test(t, func(t *testing.T) {
		fake := m3tertest.NewServer(m3tertest.InMemory())
		defer fake.Close()
		s := &storm{fake: fake, random: rand.New(rand.NewPCG(seed, 1))}
		client, err := m3teraccess.NewClient(
			m3teraccess.WithHTTPClient(fake.Client()),
			m3teraccess.WithBaseURL(fake.URL),
			m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
			m3teraccess.WithOrganization(fake.OrganizationID),
			m3teraccess.WithLimiter(unlimited{}),
			m3teraccess.WithMaxResponseBytes(64<<10),
			m3teraccess.WithTimeout(10*time.Second),
		)
		if err != nil {
			t.Fatal(err)
		}
		fake.InjectFunc(s.fault)

		var group sync.WaitGroup
		for caller := range stormCallers {
			random := rand.New(rand.NewPCG(seed, uint64(caller)+2))
			for i := range stormCalls {
				s.calls = append(s.calls, s.newCall(fmt.Sprintf("%d-%d", caller, i), random))
			}
			calls := s.calls[len(s.calls)-stormCalls:]
			group.Go(func() {
				for _, call := range calls {
					call.run(t, client)
				}
			})
		}
		group.Wait()
		for _, call := range s.calls {
			if call.overrun > 0 { // on the bubble's clock, which stands still while any goroutine runs
				t.Errorf("%s returned %v after its context was done", call.key, call.overrun)
			}
		}
		checkCalls(t, s.calls, fake.Requests(), len(s.calls)/12)
	})
}

// drawSeed returns the seed of the flag, or else draws one, and logs how to repeat the test.
func drawSeed(t *testing.T) uint64 {
	seed := cmp.Or(*stormSeed, rand.Uint64())
	t.Logf("to repeat: go test ./test -run '^%s$' -storm.seed=%d", t.Name(), seed)
	return seed
}

type unlimited struct{}

func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

type storm struct {
	fake   *m3tertest.Server
	random *rand.Rand // for the faults; the fake asks for one at a time
	calls  []*stormCall
}

// fault draws the fault of the next request: usually none.
func (s *storm) fault(request m3tertest.Request) (m3tertest.Fault, bool) {
	var fault m3tertest.Fault
	if s.random.IntN(1000) == 0 {
		s.fake.RevokeTokens()
	}
	if s.random.IntN(5) < 3 {
		return fault, false
	}
	if s.random.IntN(3) == 0 {
		fault.Delay = time.Duration(s.random.IntN(15_000)) * time.Millisecond // may exceed the timeout of an attempt
	}
	switch kind := s.random.IntN(10); {
	case kind < 4:
		fault.Break = m3tertest.Break(1 + s.random.IntN(int(m3tertest.EndlessAnswer)))
	case kind < 9:
		statuses := []int{302, 400, 401, 401, 403, 404, 408, 409, 413, 500, 502, 503, 504}
		fault.Status = statuses[s.random.IntN(len(statuses))]
		fault.Header = http.Header{"Location": {"http://elsewhere.test/"}}
		if s.random.IntN(4) == 0 {
			fault.Header.Set("Content-Type", "text/html")
			fault.Body = "<html>a gateway says no</html>"
		}
		if s.random.IntN(50) == 0 { // rarely, because it holds back all callers
			fault.Status = http.StatusTooManyRequests
			fault.Header.Set("Retry-After", fmt.Sprint(s.random.IntN(40)))
		}
	}
	// m3ter may carry out a request whose response is late, or replaced by a gateway.
	doneBefore := fault.Break != m3tertest.DropBeforeBody && fault.Break != m3tertest.DropAfterBody
	if mayBeDone := fault.Status == 0 || fault.Status == 408 || fault.Status >= 500; doneBefore && mayBeDone {
		fault.CarriedOut = s.random.IntN(2) == 0
	}
	refusals := []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden}
	if request.Operation == "Token" && slices.Contains(refusals, fault.Status) {
		return m3tertest.Fault{}, false // refused credentials would end most calls at once
	}
	return fault, true
}

// A stormCall is one call. Only its requests contain its key.
type stormCall struct {
	key     string
	timeout time.Duration
	isRead  bool
	call    func(context.Context, *m3teraccess.Client) error

	err     error
	overrun time.Duration // time after the deadline of its context
}

func (c *stormCall) run(t *testing.T, client *m3teraccess.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
	defer cancel()
	start := time.Now()
	c.err = c.call(ctx, client)
	c.overrun = time.Since(start) - c.timeout
}

// newCall draws a call, and adds its objects to the fake.
func (s *storm) newCall(key string, random *rand.Rand) *stormCall {
	c := &stormCall{key: "key-" + key + "-", timeout: time.Duration(1+random.IntN(60)) * time.Second}
	switch random.IntN(5) {
	case 0:
		// The date is the key.
		end := time.Date(2030, 1, 1, 0, 0, len(s.calls), 0, time.UTC)
		c.key = end.Format(time.RFC3339)
		version := int64(random.IntN(5))
		c.call = func(ctx context.Context, client *m3teraccess.Client) error {
			return either(client.RequestSupport(ctx, m3teraccess.SupportRequest{EndSupportUsersAccess: end, Version: version}))
		}
	case 1:
		c.call = func(ctx context.Context, client *m3teraccess.Client) error {
			request := policyRequest()
			request.Name = c.key
			return either(client.CreatePermissionPolicy(ctx, request))
		}
	case 2:
		s.fake.AddUser(c.key)
		policy := s.fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{})
		c.call = func(ctx context.Context, client *m3teraccess.Client) error {
			return either(client.AddPermissionPolicyToUser(ctx, policy.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: c.key}))
		}
	case 3:
		group := s.fake.AddResourceGroup("meter", m3teraccess.ResourceGroup{}, m3tertest.Item{TargetID: c.key, TargetType: m3teraccess.TargetItem})
		c.call = func(ctx context.Context, client *m3teraccess.Client) error {
			return either(client.RemoveResource(ctx, "meter", group.ID, m3teraccess.ResourceGroupItemRequest{TargetID: c.key, TargetType: m3teraccess.TargetItem}))
		}
	case 4:
		s.fake.AddUser(c.key)
		c.isRead = true
		c.call = func(ctx context.Context, client *m3teraccess.Client) error {
			return either(client.UserPermissionsPage(ctx, c.key, m3teraccess.PageParams{}))
		}
	}
	return c
}

// checkCalls compares the errors of the calls with the fake's record. At least the given number of calls must end in
// each of the three ways that end distinguishes.
func checkCalls(t *testing.T, calls []*stormCall, requests []m3tertest.Request, least int) {
	received := make(map[string][]m3tertest.Request) // by the key of the call
	for _, request := range requests {
		for field := range strings.SplitSeq(string(request.Body), `"`) {
			received[field] = append(received[field], request)
		}
	}
	ends := make(map[string]int)
	for _, call := range calls {
		ends[call.end()]++
		if !call.isRead {
			call.checkWrite(t, received[call.key])
		} else if errors.Is(call.err, m3teraccess.ErrOutcomeUnknown) {
			t.Errorf("a read has an unknown outcome: %v", call.err)
		}
	}
	for _, end := range []string{"nil", "unknown outcome", "another error"} {
		if t.Logf("%5d calls ended with %s", ends[end], end); ends[end] < least {
			t.Errorf("only %d of %d calls ended with %s", ends[end], len(calls), end)
		}
	}
}

func (c *stormCall) end() string {
	switch {
	case c.err == nil:
		return "nil"
	case errors.Is(c.err, m3teraccess.ErrOutcomeUnknown):
		return "unknown outcome"
	}
	return "another error"
}

// checkWrite checks a write. The requests are those of the call, in the order of their arrival.
func (c *stormCall) checkWrite(t *testing.T, requests []m3tertest.Request) {
	applied := 0
	for i, request := range requests {
		if request.Applied {
			applied++
		}
		sentAgain := i+1 < len(requests)
		refused := request.Status == 429 || request.Status == 401 || request.Status == 403
		if sentAgain && (request.Applied || !refused) {
			t.Errorf("%s %s was retried after status %d, applied: %v", request.Operation, c.key, request.Status, request.Applied)
		}
	}
	checkOnce(t, c.key, c.err, applied)
}

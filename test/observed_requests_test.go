package test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// What is sent, where, how often, and how long a call takes.
var requestSituations = []situation{
	{"a policy made of the constants", bubbled(func(t *testing.T) {
		_, plain := newPlain(t)
		resp, err := plain.CreatePermissionPolicyWithResponse(t.Context(), plain.org, gen.PermissionPolicyRequest{
			Name: "Meter writers",
			PermissionPolicy: []gen.Statement{{
				Effect: gen.EffectAllow, Action: []gen.Action{gen.ActionConfigCreate}, Resource: []string{"config:meter/*"},
			}},
		})
		checkStatus(t, resp, err, 200)
	}), bubbled(func(t *testing.T) {
		_, client := newDefault(t)
		request := policyRequest(m3teraccess.ConfigRetrieve, m3teraccess.ConfigCreate)
		if err := either(client.CreatePermissionPolicy(t.Context(), request)); err != nil {
			t.Error(err)
		}
	})},

	{"Request Support", bubbled(func(t *testing.T) {
		_, plain := newPlain(t)
		resp, err := plain.RequestSupportWithResponse(t.Context(), plain.org, supportRequest(0))
		if err != nil || resp.JSON200 == nil || resp.JSON200.Version != 1 {
			t.Errorf("%+v, %v", resp, err)
		}
	}), bubbled(func(t *testing.T) {
		_, client := newDefault(t)
		if support, err := client.RequestSupport(t.Context(), supportRequest(0)); err != nil || support.Version != 1 {
			t.Errorf("%+v, %v", support, err)
		}
	})},

	{"ids that lead elsewhere", bubbled(func(t *testing.T) {
		fake, plain := newPlain(t)
		organization := "/organizations/" + plain.org
		for id, want := range map[string]string{
			"..":   organization + "/permissions",
			"../x": organization + "/users/..%2Fx/permissions",
			"a/b":  organization + "/users/a%2Fb/permissions",
			"a?x":  organization + "/users/a%3Fx/permissions",
		} {
			resp, err := plain.UserPermissionsWithResponse(t.Context(), plain.org, id, nil)
			checkStatus(t, resp, err, 404)
			requests := fake.Requests()
			if got := requests[len(requests)-1].Path; got != want {
				t.Errorf("%q reached %s, want %s", id, got, want)
			}
		}
	}), bubbled(func(t *testing.T) {
		fake, client := newDefault(t)
		readOf := func(id string) error {
			return either(client.UserPermissionsPage(t.Context(), id, m3teraccess.PageParams{}))
		}
		for _, id := range []string{"..", "../x", "a/b"} {
			if err := readOf(id); !errors.As(err, new(*m3teraccess.ValidationError)) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if err := readOf("a?x"); !errors.Is(err, m3teraccess.ErrNotFound) {
			t.Error(err)
		}
		for _, request := range operations(fake.Requests()) {
			if want := "/organizations/" + fake.OrganizationID + "/users/a%3Fx/permissions"; request.Path != want {
				t.Errorf("reached %s", request.Path)
			}
		}
	})},

	{"a POST that is dropped, or answered with 502, 500 or 409", func(t *testing.T) {
		for name, fault := range failedPosts {
			t.Run(name, bubbled(func(t *testing.T) {
				fake, plain := newPlain(t)
				fake.Inject(fault)
				resp, err := plain.create(t.Context())
				if fault.Status != 0 {
					checkStatus(t, resp, err, fault.Status)
				} else if err == nil {
					t.Error("no error")
				}
				if sent := len(operations(fake.Requests())); sent != 1 {
					t.Errorf("sent %d times", sent)
				}
			}))
		}
	}, func(t *testing.T) {
		for name, fault := range failedPosts {
			t.Run(name, bubbled(func(t *testing.T) {
				fake, client := newDefault(t)
				fake.Inject(fault)
				err := create(t, client)
				if sent := len(operations(fake.Requests())); err == nil || sent != 1 {
					t.Errorf("sent %d times: %v", sent, err)
				}
				if errors.Is(err, m3teraccess.ErrOutcomeUnknown) == (fault.Status == 409) {
					t.Errorf("of the outcome: %v", err)
				}
			}))
		}
	}},

	{"a silent server", bubbled(func(t *testing.T) {
		fake, plain := newPlain(t)
		fake.Inject(m3tertest.Fault{Delay: 4 * time.Hour}) // an hour less than the token lasts
		start := time.Now()
		resp, err := plain.create(t.Context())
		checkStatus(t, resp, err, 200)
		if took := time.Since(start); took != 4*time.Hour {
			t.Errorf("took %v", took)
		}
	}), bubbled(func(t *testing.T) {
		fake, client := newDefault(t)
		fake.Inject(m3tertest.Fault{Delay: 24 * time.Hour})
		start := time.Now()
		if err := create(t, client); err == nil || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		start = time.Now()
		_, err := client.UserPermissionsPage(t.Context(), "user", m3teraccess.PageParams{})
		if took := time.Since(start); err == nil || took < 2*time.Minute || took > 2*time.Minute+3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})},

	{"Retry-After: 30 with a deadline of 1 second", bubbled(func(t *testing.T) {
		fake, plain := newPlain(t)
		ctx, cancel := toldToWait(t, fake)
		defer cancel()
		start := time.Now()
		resp, err := plain.create(ctx)
		checkStatus(t, resp, err, 429)
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
	}), bubbled(func(t *testing.T) {
		fake, client := newDefault(t)
		ctx, cancel := toldToWait(t, fake)
		defer cancel()
		start := time.Now()
		err := either(client.CreatePermissionPolicy(ctx, policyRequest()))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, m3teraccess.ErrRateLimited) {
			t.Error(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
	})},

	{"600 calls, 64 at a time, at a rate limit of 50 requests a second", bubbled(func(t *testing.T) {
		_, plain := newPlain(t, m3tertest.WithRateLimit(paceRate))
		var begun, refused atomic.Int32
		var group sync.WaitGroup
		for range paceCallers {
			group.Go(func() {
				for begun.Add(1) <= paceCalls {
					resp, err := plain.read(t.Context(), nil)
					if err != nil {
						t.Error(err)
					} else if resp.StatusCode() == 429 {
						refused.Add(1)
					}
				}
			})
		}
		group.Wait()
		if got := refused.Load(); got != paceCalls-paceRate { // in a bubble they all come within one second
			t.Errorf("%d are refused", got)
		}
	}), keepsThePace},
}

var failedPosts = map[string]m3tertest.Fault{
	"dropped after its body was read": {Break: m3tertest.DropAfterBody},
	"502":                             {Status: 502},
	"500":                             {Status: 500},
	"409":                             {Status: 409},
}

// toldToWait has the fake ask for 30 s of patience, of a call that has one.
func toldToWait(t *testing.T, fake *m3tertest.Server) (context.Context, context.CancelFunc) {
	fake.Inject(m3tertest.Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}})
	return context.WithTimeout(t.Context(), time.Second)
}

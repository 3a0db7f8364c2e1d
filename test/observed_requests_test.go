package test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The rows about requests: their targets, their number and their time.
var requestSituations = []situation{
	{"a policy built from the library's constants", onPlain(func(t *testing.T, _ *m3tertest.Server, plain plainClient) {
		resp, err := plain.CreatePermissionPolicyWithResponse(t.Context(), plain.org, gen.PermissionPolicyRequest{
			Name: "Meter writers",
			PermissionPolicy: []gen.Statement{{
				Effect: gen.EffectAllow, Action: []gen.Action{gen.ActionConfigCreate}, Resource: []string{"config:meter/*"},
			}},
		})
		checkStatus(t, resp, err, 200)
	}), onDefault(func(t *testing.T, _ *m3tertest.Server, client *m3teraccess.Client) {
		request := policyRequest(m3teraccess.ConfigRetrieve, m3teraccess.ConfigCreate)
		if err := either(client.CreatePermissionPolicy(t.Context(), request)); err != nil {
			t.Error(err)
		}
	})},

	{"the Request Support endpoint", onPlain(func(t *testing.T, _ *m3tertest.Server, plain plainClient) {
		resp, err := plain.RequestSupportWithResponse(t.Context(), plain.org, supportRequest(0))
		if err != nil || resp.JSON200 == nil || resp.JSON200.Version != 1 {
			t.Errorf("%+v, %v", resp, err)
		}
	}), onDefault(func(t *testing.T, _ *m3tertest.Server, client *m3teraccess.Client) {
		if support, err := client.RequestSupport(t.Context(), supportRequest(0)); err != nil || support.Version != 1 {
			t.Errorf("%+v, %v", support, err)
		}
	})},

	{"ids that would change the path", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		for id, want := range map[string]string{
			"..":   "/permissions",
			"../x": "/users/..%2Fx/permissions",
			"a/b":  "/users/a%2Fb/permissions",
			"a?x":  "/users/a%3Fx/permissions",
		} {
			resp, err := plain.UserPermissionsWithResponse(t.Context(), plain.org, id, nil)
			checkStatus(t, resp, err, 404)
			requests := fake.Requests()
			if got := requests[len(requests)-1].Path; got != "/organizations/"+plain.org+want {
				t.Errorf("%q reached %s, want %s", id, got, want)
			}
		}
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		for _, id := range []string{"..", "../x", "a/b", "a?x"} {
			err := either(client.UserPermissionsPage(t.Context(), id, m3teraccess.PageParams{}))
			isSent := id == "a?x"
			if errors.As(err, new(*m3teraccess.ValidationError)) == isSent || errors.Is(err, m3teraccess.ErrNotFound) != isSent {
				t.Errorf("%q: %v", id, err)
			}
		}
		for _, request := range operations(fake.Requests()) {
			if want := "/organizations/" + fake.OrganizationID + "/users/a%3Fx/permissions"; request.Path != want {
				t.Errorf("reached %s", request.Path)
			}
		}
	})},

	{"a POST whose connection is dropped, or whose response has status 502, 500 or 409", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		for i, fault := range failedPosts {
			fake.ClearFaults()
			fake.Inject(fault)
			resp, err := plain.create(t.Context())
			if fault.Status != 0 {
				checkStatus(t, resp, err, fault.Status)
			} else if err == nil {
				t.Error("no error")
			}
			if sent := len(operations(fake.Requests())); sent != i+1 {
				t.Errorf("%+v: sent %d times", fault, sent-i)
			}
		}
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		for i, fault := range failedPosts {
			fake.ClearFaults()
			fake.Inject(fault)
			err := create(t, client)
			if sent := len(operations(fake.Requests())); err == nil || sent != i+1 {
				t.Errorf("%+v: sent %d times: %v", fault, sent-i, err)
			}
			if errors.Is(err, m3teraccess.ErrOutcomeUnknown) == (fault.Status == 409) {
				t.Errorf("of the outcome: %v", err)
			}
		}
	})},

	{"a server that never responds", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		fake.Inject(m3tertest.Fault{Delay: 4 * time.Hour}) // an hour less than the access token lasts
		start := time.Now()
		resp, err := plain.create(t.Context())
		checkStatus(t, resp, err, 200)
		if took := time.Since(start); took != 4*time.Hour {
			t.Errorf("took %v", took)
		}
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		fake.Inject(m3tertest.Fault{Delay: 24 * time.Hour})
		start := time.Now()
		if err := create(t, client); err == nil || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		start = time.Now()
		err := read(t, client)
		if took := time.Since(start); err == nil || took < 2*time.Minute || took > 2*time.Minute+3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})},

	{"a 429 with Retry-After: 30, and a deadline of 1 second", onPlain(func(t *testing.T, fake *m3tertest.Server, plain plainClient) {
		fake.Inject(retryIn30)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		resp, err := plain.create(ctx)
		checkStatus(t, resp, err, 429)
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
	}), onDefault(func(t *testing.T, fake *m3tertest.Server, client *m3teraccess.Client) {
		fake.Inject(retryIn30)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := either(client.CreatePermissionPolicy(ctx, policyRequest()))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, m3teraccess.ErrRateLimited) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})},

	{"600 calls, 64 at a time, at a rate limit of 50 requests a second", atRateLimit(func(t *testing.T, fake *m3tertest.Server) func() error {
		plain := plainOf(t, fake, fake.Client().Transport)
		return func() error {
			_, err := plain.read(t.Context(), nil)
			return err
		}
	}, func(t *testing.T, _ time.Duration, refused int) {
		if refused != paceCalls-paceRate { // in a bubble all requests arrive in the same second
			t.Errorf("%d are refused", refused)
		}
	}), keepsToTheRateLimit},
}

var failedPosts = []m3tertest.Fault{{Break: m3tertest.DropAfterBody}, {Status: 502}, {Status: 500}, {Status: 409}}

var retryIn30 = m3tertest.Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}}

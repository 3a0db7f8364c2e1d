package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// What m3ter's official Go SDK v0.12.0 was seen to do in November 2026, row by row, and what this client does in the
// same place. Each name is the situation; the comment is what was seen of the SDK.
func TestWhereTheOfficialSDKWasSeenToFail(t *testing.T) {
	// newDefault starts a fake in a bubble, and a client of it that has its defaults.
	newDefault := func(t *testing.T, opts ...m3tertest.Option) (*m3tertest.Server, *m3teraccess.Client) {
		fake := m3tertest.NewServer(append(opts, m3tertest.InMemory())...)
		t.Cleanup(fake.Close)
		fake.AddUser("user-1")
		return fake, clientOf(t, fake, fake.Client().Transport, m3teraccess.WithRetry(m3teraccess.RetryPolicy{}))
	}
	read := func(t *testing.T, client *m3teraccess.Client) error {
		return either(client.UserPermissionsPage(t.Context(), "user-1", m3teraccess.PageParams{}))
	}
	create := func(t *testing.T, client *m3teraccess.Client) error {
		return either(client.CreatePermissionPolicy(t.Context(), policyRequest()))
	}

	// 50 token requests, and data races.
	inBubble(t, "50 concurrent first calls", func(t *testing.T) {
		fake, client := newDefault(t)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if err := read(t, client); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if tokens := len(fake.Requests()) - len(operations(fake.Requests())); tokens != 1 {
			t.Errorf("%d token requests", tokens)
		}
	})

	// Every call fails until the token's local expiry.
	for _, status := range []int{401, 403} {
		inBubble(t, fmt.Sprintf("token revoked, reported as %d", status), func(t *testing.T) {
			fake, client := newDefault(t)
			if err := read(t, client); err != nil {
				t.Fatal(err)
			}
			fake.RevokeTokens()
			if status == 401 {
				fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Times: 1, Status: 401})
			}
			if err := create(t, client); err != nil {
				t.Error(err)
			}
		})
	}

	// An empty object, a nil error, and no way to the later pages.
	inBubble(t, "permissions answered as pages", func(t *testing.T) {
		fake, client := newDefault(t)
		for _, name := range []string{"first", "second", "third"} {
			fake.GrantPolicy(fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: name}).ID, "user-1")
		}
		var names []string
		for policy, err := range client.UserPermissions(t.Context(), "user-1", m3teraccess.PageParams{PageSize: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, policy.Name)
		}
		if got := strings.Join(names, " "); got != "third second first" {
			t.Errorf("got %q", got)
		}
	})

	// ALLOW and CONFIG_CREATE are sent, and refused.
	inBubble(t, "a policy made of the constants", func(t *testing.T) {
		_, client := newDefault(t)
		if err := create(t, client); err != nil {
			t.Error(err)
		}
	})

	// There is no typed method.
	inBubble(t, "Request Support", func(t *testing.T) {
		_, client := newDefault(t)
		if support, err := client.RequestSupport(t.Context(), supportRequest(0)); err != nil || support.Version != 1 {
			t.Errorf("%+v, %v", support, err)
		}
	})

	// Sent three times each.
	for name, fault := range map[string]m3tertest.Fault{
		"a POST dropped after its body was read": {Break: m3tertest.DropAfterBody},
		"a POST answered with 502":               {Status: 502},
		"a POST answered with 500":               {Status: 500},
		"a POST answered with 409":               {Status: 409},
	} {
		inBubble(t, name, func(t *testing.T) {
			fake, client := newDefault(t)
			fake.Inject(fault)
			err := create(t, client)
			if sent := len(operations(fake.Requests())); err == nil || sent != 1 {
				t.Errorf("sent %d times: %v", sent, err)
			}
			if errors.Is(err, m3teraccess.ErrOutcomeUnknown) == (fault.Status == 409) {
				t.Errorf("of the outcome: %v", err)
			}
		})
	}

	// No default timeout.
	inBubble(t, "a silent server", func(t *testing.T) {
		fake, client := newDefault(t)
		fake.Inject(m3tertest.Fault{Delay: 24 * time.Hour})
		start := time.Now()
		if err := create(t, client); err == nil || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})

	// Not escaped, dot segments resolved: other endpoints are reached.
	inBubble(t, "ids that lead elsewhere", func(t *testing.T) {
		fake, client := newDefault(t)
		for _, id := range []string{"..", "../x", "a/b"} {
			var wrong *m3teraccess.ValidationError
			if err := either(client.UserPermissionsPage(t.Context(), id, m3teraccess.PageParams{})); !errors.As(err, &wrong) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if err := either(client.UserPermissionsPage(t.Context(), "a?x", m3teraccess.PageParams{})); !errors.Is(err, m3teraccess.ErrNotFound) {
			t.Error(err)
		}
		for _, request := range operations(fake.Requests()) {
			if want := "/organizations/" + fake.OrganizationID + "/users/a%3Fx/permissions"; request.Path != want {
				t.Errorf("reached %s", request.Path)
			}
		}
	})

	// Returns after 30 s.
	inBubble(t, "Retry-After: 30 with a context of 1 s", func(t *testing.T) {
		fake, client := newDefault(t)
		fake.Inject(m3tertest.Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := either(client.CreatePermissionPolicy(ctx, policyRequest()))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, m3teraccess.ErrRateLimited) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})

	// Read whole: 300 MiB cost 1.7 to 2.0 GB of memory.
	for _, status := range []int{200, 400} {
		t.Run(fmt.Sprintf("an endless answer of %d", status), func(t *testing.T) {
			endless := keeps(status, "")
			endless.breaks = true
			endless.then = func(w http.ResponseWriter) {
				for chunk := []byte(strings.Repeat(" ", 64<<10)); ; {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			}
			client := newLocalClient(t, newTransport(t), m3teraccess.WithBaseURL(newService(t, endless).URL))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := create(t, client)
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; err == nil || allocated > 200<<20 {
				t.Errorf("%d MiB allocated: %v", allocated>>20, err)
			}
		})
	}

	// Plain errors without status or URL; for null a nil result and a nil error.
	for name, body := range map[string]string{"HTML": "<html>", "nothing but a space": " ", "a cut value": `{"id":"1`, "null": "null"} {
		inBubble(t, "200 with "+name, func(t *testing.T) {
			fake, client := newDefault(t)
			fake.Inject(m3tertest.Fault{Status: 200, Body: body, Header: http.Header{"Content-Type": {"application/json"}, breaksContract: {"true"}}})
			err := create(t, client)
			var unreadable *m3teraccess.DecodeError
			if !errors.As(err, &unreadable) || unreadable.StatusCode/100 != 2 || !strings.Contains(err.Error(), "/permissionpolicies") {
				t.Errorf("%v", err)
			}
		})
	}

	// 43 to 50 % of the calls fail: see TestPaceAtTheLimit.

	// Credentials are sent in clear.
	t.Run("an http base URL", func(t *testing.T) {
		_, err := m3teraccess.NewClient(m3teraccess.WithBaseURL("http://m3ter.test"), m3teraccess.WithCredentials("k", "s"), m3teraccess.WithOrganization("o"))
		if err == nil {
			t.Error("accepted")
		}
	})

	// Authorization is forwarded, and the body posted again.
	t.Run("a redirect to another port of the host", func(t *testing.T) {
		elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			t.Errorf("reached with Authorization %q and %q", r.Header["Authorization"], body)
		}))
		defer elsewhere.Close()
		fake, client := newFake(t)
		fake.Inject(m3tertest.Fault{Status: 307, Header: http.Header{"Location": {elsewhere.URL}, breaksContract: {"true"}}})
		var answered *m3teraccess.Error
		if err := create(t, client); !errors.As(err, &answered) || answered.StatusCode != 307 {
			t.Error(err)
		}
	})

	// The pager stops silently, or never ends.
	inBubble(t, "an empty page with a token, and a repeated token", func(t *testing.T) {
		fake, client := newDefault(t)
		fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Status: 200, Body: `{"data":[],"nextToken":"again"}`})
		pages := 0
		for _, err := range client.UserPermissions(t.Context(), "user-1") {
			if pages++; !errors.Is(err, m3teraccess.ErrRepeatedToken) {
				t.Errorf("%v", err)
			}
		}
		if sent := len(operations(fake.Requests())); pages != 1 || sent != 2 {
			t.Errorf("%d results of %d requests", pages, sent)
		}
	})

	// DumpRequest prints the bearer, or the Basic credentials.
	inBubble(t, "an error, printed with all that it holds", func(t *testing.T) {
		fake, client := newDefault(t)
		fake.Inject(m3tertest.Fault{Status: 500})
		err := create(t, client)
		inJSON, _ := json.Marshal(err)
		for _, text := range []string{fmt.Sprintf("%v %+v %#v", err, err, err), string(inJSON)} {
			for _, request := range fake.Requests() {
				_, secret, _ := strings.Cut(request.Header.Get("Authorization"), " ")
				if strings.Contains(text, secret) || strings.Contains(text, fake.APISecret) {
					t.Errorf("shows a secret: %s", text)
				}
			}
		}
	})
}

// inBubble runs a subtest in a bubble of its own, with a clock of its own.
func inBubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

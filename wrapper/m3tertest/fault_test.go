package m3tertest_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The ways to reach a fake whose Close ends its connections.
var transports = map[string]func(*testing.T, ...m3tertest.Option) *caller{"loopback": overLoopback, "in memory": inMemory}

// A linker is a caller to whose fake a policy can be added for a user: a write that leaves a trace.
func linker(t *testing.T, start func(*testing.T, ...m3tertest.Option) *caller) (c *caller, path string) {
	c = start(t)
	c.fake.AddUser("user")
	c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "p"})
	return c, c.linkPath("p")
}

// linkPath is where a policy is added to a user.
func (c *caller) linkPath(policyID string) string {
	return c.path(gen.AddPermissionPolicyToUser.Operation, policyID)
}

const linkBody = `{"principalId":"user"}`

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   m3tertest.Fault
		failure string // what the error ends with; "-": some error; "": none
		status  int    // recorded
		applied bool
		body    string // recorded
		arrived string // how the answer begins
	}{
		"none":             {m3tertest.Fault{}, "", 200, true, linkBody, `{"createdBy":"`},
		"status":           {m3tertest.Fault{Status: 503}, "", 503, false, linkBody, `{"message":"Service Unavailable"}`},
		"unnamed status":   {m3tertest.Fault{Status: 599}, "", 599, false, linkBody, `{"message":"status 599"}`},
		"status with body": {m3tertest.Fault{Status: 200, Body: "[]"}, "", 200, false, linkBody, "[]"},
		"no content":       {m3tertest.Fault{Status: 204}, "", 204, false, linkBody, ""},
		"drop before body": {m3tertest.Fault{Break: m3tertest.DropBeforeBody}, "-", 0, false, "", ""},
		"drop after body":  {m3tertest.Fault{Break: m3tertest.DropAfterBody}, "EOF", 0, false, linkBody, ""},
		"drop answer":      {m3tertest.Fault{Break: m3tertest.DropAnswer}, "EOF", 0, true, linkBody, ""},
		"cut answer":       {m3tertest.Fault{Break: m3tertest.CutAnswer}, "unexpected EOF", 200, true, linkBody, `{"createdBy":"`},
		"endless answer":   {m3tertest.Fault{Break: m3tertest.EndlessAnswer}, errEndless.Error(), 200, true, linkBody, `{"createdBy":"`},
		"drop status":      {m3tertest.Fault{Status: 503, Break: m3tertest.DropAnswer}, "EOF", 0, false, linkBody, ""},
		"cut status":       {m3tertest.Fault{Status: 503, Body: "1234567", Break: m3tertest.CutAnswer}, "unexpected EOF", 503, false, linkBody, "123"},
		"endless status":   {m3tertest.Fault{Status: 503, Body: "<p>", Header: http.Header{"Content-Length": {"3"}}, Break: m3tertest.EndlessAnswer}, errEndless.Error(), 503, false, linkBody, "<p  "},
	} {
		for transport, start := range map[string]func(*testing.T, ...m3tertest.Option) *caller{
			"loopback": overLoopback, "in memory": inMemory, "mounted": mounted,
		} {
			t.Run(name+"/"+transport, func(t *testing.T) {
				c, path := linker(t, start)
				tt.fault.Operation, tt.fault.Times = "AddPermissionPolicyToUser", 1
				c.fake.Inject(tt.fault)
				a, err := c.attempt(c.request("POST", path, strings.NewReader(linkBody)))
				if (err == nil) != (tt.failure == "") || err != nil && tt.failure != "-" && !strings.HasSuffix(err.Error(), tt.failure) {
					t.Errorf("error %v, want %q", err, tt.failure)
				}
				if !strings.HasPrefix(a.body, tt.arrived) {
					t.Errorf("body %.99q, want %q", a.body, tt.arrived)
				}
				got := c.last()
				if got.Status != tt.status || got.Applied != tt.applied || string(got.Body) != tt.body || got.Operation != tt.fault.Operation {
					t.Errorf("recorded %+v, want status %d, applied %v", got, tt.status, tt.applied)
				}
				if linked := len(c.fake.UserPolicies("user")) == 1; linked != tt.applied {
					t.Errorf("linked %v, want %v", linked, tt.applied)
				}
			})
		}
	}
}

// What breaks is the answer of the server, whatever that is.
func TestBreakOfRefusal(t *testing.T) {
	for drop, status := range map[m3tertest.Break]int{m3tertest.DropAnswer: 0, m3tertest.CutAnswer: 400, m3tertest.EndlessAnswer: 400} {
		c, path := linker(t, inMemory)
		c.fake.Inject(m3tertest.Fault{Break: drop})
		if _, err := c.attempt(c.request("POST", path, strings.NewReader("{}"))); err == nil {
			t.Errorf("Break %d: no error", drop)
		}
		if got := c.last(); got.Status != status || got.Applied {
			t.Errorf("Break %d: recorded %+v, want status %d", drop, got, status)
		}
	}
}

// The whole length is announced, half of it arrives.
func TestCutAnswerLength(t *testing.T) {
	c, path := linker(t, overLoopback)
	c.fake.Inject(m3tertest.Fault{Break: m3tertest.CutAnswer})
	a, _ := c.attempt(c.request("POST", path, strings.NewReader(linkBody)))
	if whole := a.header.Get("Content-Length"); whole != fmt.Sprint(2*len(a.body)) && whole != fmt.Sprint(2*len(a.body)+1) {
		t.Errorf("%d of %s bytes", len(a.body), whole)
	}
}

// A client that has sent nothing of its body yet is cut off, too. net/http's wouldn't return before its body is read.
func TestDropBeforeBodyWaitsForNoBody(t *testing.T) {
	for transport, start := range transports {
		t.Run(transport, func(t *testing.T) {
			c := start(t)
			c.fake.Inject(m3tertest.Fault{Break: m3tertest.DropBeforeBody})
			dial := new(net.Dialer).DialContext
			if transport == "in memory" {
				dial = c.client.Transport.(*http.Transport).DialContext
			}
			conn, err := dial(t.Context(), "tcp", strings.TrimPrefix(c.fake.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("read %d bytes, error %v", n, err)
			}
		})
	}
}

// Where there is no connection to close, net/http's own sign must do.
func TestDropWithoutConnection(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	for drop := m3tertest.DropBeforeBody; drop <= m3tertest.EndlessAnswer; drop++ {
		if drop == m3tertest.CutAnswer {
			continue // which net/http sees by its length
		}
		func() {
			defer func() {
				if got := recover(); got != http.ErrAbortHandler {
					t.Errorf("Break %d: panic %v", drop, got)
				}
			}()
			fake := m3tertest.NewServer(m3tertest.InMemory())
			fake.Inject(m3tertest.Fault{Break: drop})
			fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(left, "GET", "/", nil))
		}()
	}
}

func TestFaultHeader(t *testing.T) {
	for name, tt := range map[string]struct {
		header      http.Header
		body        string
		contentType []string
	}{
		"default":        {nil, "", []string{"application/json"}},
		"default, body":  {nil, "<html>", []string{"application/json"}},
		"other":          {http.Header{"Content-Type": {"text/html"}}, "<html>", []string{"text/html"}},
		"other, no body": {http.Header{"content-type": {"text/html"}}, "", []string{"text/html"}},
		"none":           {http.Header{"Content-Type": nil}, "x", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := inMemory(t)
			if tt.header == nil {
				tt.header = make(http.Header)
			}
			tt.header["retry-after"] = []string{"7"}
			c.fake.Inject(m3tertest.Fault{Status: 429, Header: tt.header, Body: tt.body})
			tt.header.Set("Later", "too late")
			a := c.do("GET", "/support", "")
			if got := a.header["Content-Type"]; !reflect.DeepEqual(got, tt.contentType) || a.header.Get("Retry-After") != "7" || a.header.Get("Later") != "" {
				t.Errorf("header %v, want Content-Type %q", a.header, tt.contentType)
			}
		})
	}
}

func TestTokenFaults(t *testing.T) {
	c := inMemory(t)
	for _, body := range []string{"<html>", `{"access_token":"x","token_type":"Bearer"}`, `{"access_token":"x","expires_in":"18000"}`} {
		c.fake.Inject(m3tertest.Fault{Operation: "Token", Times: 1, Status: 200, Body: body})
		if a := c.requestToken("", "", "", ""); a.status != 200 || a.body != body {
			t.Errorf("answer %d %q, want %q", a.status, a.body, body)
		}
	}
	c.authenticate()
}

func TestFaultScope(t *testing.T) {
	c := inMemory(t)
	c.fake.Inject(m3tertest.Fault{Status: 503})
	c.authenticate()
	c.do("GET", "/support", "").refused(503, "")
	c.call(gen.RequestSupport.Operation, "").refused(503, "")
	c.do("GET", "/nothing", "").refused(503, "")
	c.fake.ClearFaults()

	c.fake.Inject(m3tertest.Fault{Operation: "GetSupport", Status: 503})
	c.call(gen.RequestSupport.Operation, "").refused(400, "")
	c.do("GET", "/nothing", "").refused(404, "")
	for range 3 {
		c.do("GET", "/support", "").refused(503, "")
	}
	c.fake.ClearFaults()
	c.do("GET", "/support", "").refused(404, "support")
}

func TestFaultOrder(t *testing.T) {
	c := inMemory(t)
	c.fake.Inject(m3tertest.Fault{Operation: "GetSupport", Times: 1}) // passes
	c.fake.Inject(m3tertest.Fault{Times: 2, Status: 501})
	c.fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		return m3tertest.Fault{Operation: "Token", Times: 1, Status: 502}, r.Query.Has("chosen")
	})
	c.fake.Inject(m3tertest.Fault{Operation: "GetSupport", Status: 503})
	for i, want := range []struct {
		path   string
		status int
	}{
		{"/nothing", 501},
		{"/support", 404},
		{"/support?chosen", 501},
		{"/support?chosen", 502},
		{"/support", 503},
		{"/support?chosen", 502},
		{"/nothing", 404},
	} {
		if a := c.do("GET", want.path, ""); a.status != want.status {
			t.Errorf("request %d: status %d, want %d", i, a.status, want.status)
		}
	}
}

func TestInjectFuncSeesACopyOfTheRequest(t *testing.T) {
	c := inMemory(t)
	var seen []string
	c.fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		seen = append(seen, fmt.Sprint(r.Operation, r.Method, r.Header.Get("Accept"), string(r.Body), r.Status, r.Time.IsZero(), len(c.fake.Requests())))
		r.Header.Set("Content-Type", "changed")
		return m3tertest.Fault{}, false
	})
	c.authenticate()
	c.header.Set("Accept", "x")
	c.call(gen.RequestSupport.Operation, `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`).into(200, new(any))
	if want := []string{"TokenPOST0 false 2", "RequestSupportPUTx0 false 3"}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
	if got := c.last().Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestFaultMistakesPanic(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	mistakes := map[string]m3tertest.Fault{
		`no operation "CreatePolicy"`:     {Operation: "CreatePolicy", Status: 503},
		"-1 times":                        {Times: -1},
		"delay of -1s":                    {Delay: -time.Second},
		"status 100 ":                     {Status: 100},
		"status 1000 ":                    {Status: 1000},
		"header or a body without a stat": {Body: "x"},
		"a body without a status":         {Header: http.Header{}},
		"no Break 6":                      {Break: m3tertest.EndlessAnswer + 1},
		"no Break -1":                     {Break: -1},
	}
	panics := func(caller, want string, mistake func()) {
		t.Helper()
		defer func() {
			if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "m3tertest: "+caller+": ") || !strings.Contains(got, want) {
				t.Errorf("panic %q, want one with %q", got, want)
			}
		}()
		mistake()
	}
	for want, fault := range mistakes {
		panics("Inject", want, func() { fake.Inject(fault) })
		fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) { return fault, true })
		panics("InjectFunc", want, func() { fake.ServeHTTP(nil, httptest.NewRequest("GET", "/", nil)) })
		fake.ClearFaults() // no lock is left behind
	}
}

func TestApplied(t *testing.T) {
	c, path := linker(t, inMemory)
	c.fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"}, m3tertest.Item{TargetID: "1", TargetType: "item"})
	c.call(gen.UserPermissions.Operation, "", "user")
	c.call(gen.CreatePermissionPolicy.Operation, policyBody)
	c.call(gen.RequestSupport.Operation, `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`)
	c.do("GET", "/support", "")
	c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "meter", "g")
	c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "meter", "g")
	c.doAt("POST", path, linkBody)
	c.doAt("POST", path, linkBody)
	var got []string
	for _, r := range c.fake.Requests() {
		if r.Applied {
			got = append(got, r.Operation)
		}
	}
	if want := []string{"CreatePermissionPolicy", "RequestSupport", "RemoveResource", "AddPermissionPolicyToUser"}; !slices.Equal(got, want) {
		t.Errorf("applied %q, want %q", got, want)
	}
}

// 200 requests at once meet every kind of fault. Each one that counts as applied was, and no other.
func TestConcurrentFaults(t *testing.T) {
	const requests = 200
	faults := []m3tertest.Fault{
		{}, {Status: 503}, {Delay: time.Millisecond},
		{Break: m3tertest.DropBeforeBody}, {Break: m3tertest.DropAfterBody}, {Break: m3tertest.DropAnswer},
		{Break: m3tertest.CutAnswer}, {Break: m3tertest.EndlessAnswer, Delay: time.Millisecond},
	}
	storm := func(t *testing.T, start func(*testing.T, ...m3tertest.Option) *caller) {
		c, _ := linker(t, start)
		for n := range requests {
			c.fake.AddPermissionPolicy(gen.PermissionPolicy{ID: fmt.Sprint(n)})
		}
		met := 0 // no lock is needed
		c.fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) {
			met++
			return faults[met%len(faults)], true
		})
		answered := make(chan string, requests)
		done := make(chan struct{}, requests)
		for n := range requests {
			r := c.request("POST", c.linkPath(fmt.Sprint(n)), strings.NewReader(linkBody))
			go func() {
				if a, err := c.attempt(r); err == nil && a.status == 200 {
					answered <- r.URL.Path
				}
				done <- struct{}{}
			}()
		}
		for range requests {
			<-done
		}
		close(answered)

		applied := make(map[string]bool)
		for _, r := range c.fake.Requests() {
			if r.Applied {
				applied[r.Path] = true
			}
		}
		linked := make(map[string]bool)
		for _, policy := range c.fake.UserPolicies("user") {
			linked[c.linkPath(policy.ID)] = true
		}
		if met != requests || len(applied) != requests*5/8 || !maps.Equal(applied, linked) {
			t.Errorf("%d requests met a fault; %d recorded as applied, %d linked", met, len(applied), len(linked))
		}
		if len(answered) != requests*2/8 {
			t.Errorf("%d were answered", len(answered))
		}
		for path := range answered {
			if !applied[path] {
				t.Errorf("%s was answered and not applied", path)
			}
		}
	}
	t.Run("loopback", func(t *testing.T) { storm(t, overLoopback) })
	t.Run("bubble", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { storm(t, inMemory) }) })
}

// The service did it, and a gateway in front of it says that it failed; or the answer comes too late.
func TestCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		c.fake.Inject(m3tertest.Fault{Times: 1, CarriedOut: true, Delay: time.Minute, Status: 504})
		c.fake.Inject(m3tertest.Fault{Times: 1, CarriedOut: true, Delay: time.Minute})
		const body = `{"name":"n","permissionPolicy":[{"effect":"allow","action":["all"],"resource":["*"]}]}`
		for _, status := range []int{504, 200} {
			start := time.Now()
			got := c.call(gen.CreatePermissionPolicy.Operation, body)
			if got.status != status || time.Since(start) != time.Minute || !c.last().Applied {
				t.Errorf("status %d after %v, recorded as %+v", got.status, time.Since(start), c.last())
			}
		}
	})
}

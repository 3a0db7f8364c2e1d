package m3tertest_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
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

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   m3tertest.Fault
		failure string // the end of the error; "-": any error, "": no error
		status  int    // recorded
		applied bool
		body    string // recorded
		arrived string // the beginning of the response body
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
		for transport, start := range transports {
			t.Run(name+"/"+transport, func(t *testing.T) {
				c := start(t)
				r := c.link()
				tt.fault.Operation, tt.fault.Times = "AddPermissionPolicyToUser", 1
				c.fake.Inject(tt.fault)
				a, err := c.attempt(r)
				if (err == nil) != (tt.failure == "") || err != nil && tt.failure != "-" && !strings.HasSuffix(err.Error(), tt.failure) {
					t.Errorf("error %v, want %q", err, tt.failure)
				}
				if !strings.HasPrefix(a.body, tt.arrived) {
					t.Errorf("body %.99q, want %q", a.body, tt.arrived)
				}
				if length := a.header.Get("Content-Length"); tt.failure == io.ErrUnexpectedEOF.Error() &&
					length != fmt.Sprint(2*len(a.body)) && length != fmt.Sprint(2*len(a.body)+1) {
					t.Errorf("%d of %s bytes arrived, want half", len(a.body), length)
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

// A break spoils the response of the server, even a refusal.
func TestBreakOfRefusal(t *testing.T) {
	for drop, status := range map[m3tertest.Break]int{m3tertest.DropAnswer: 0, m3tertest.CutAnswer: 400, m3tertest.EndlessAnswer: 400} {
		c := inMemory(t)
		c.fake.Inject(m3tertest.Fault{Break: drop})
		_, err := c.attempt(c.request("POST", c.link().URL.Path, strings.NewReader("{}")))
		if got := c.last(); err == nil || got.Status != status || got.Applied {
			t.Errorf("Break %d: %v, recorded %+v, want status %d", drop, err, got, status)
		}
	}
}

// The fake drops the connection before it reads the body. The client of net/http would send the body first.
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
			_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
			if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("read %d bytes, error %v", n, err)
			}
		})
	}
}

// Without a connection to close, the fake panics with http.ErrAbortHandler. For CutAnswer net/http sees the wrong
// length.
func TestDropWithoutConnection(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	for _, drop := range []m3tertest.Break{m3tertest.DropBeforeBody, m3tertest.DropAfterBody, m3tertest.DropAnswer, m3tertest.EndlessAnswer} {
		fake := m3tertest.NewServer(m3tertest.InMemory())
		fake.Inject(m3tertest.Fault{Break: drop})
		request := httptest.NewRequestWithContext(left, "GET", "/", nil)
		if got := panicOf(func() { fake.ServeHTTP(httptest.NewRecorder(), request) }); got != http.ErrAbortHandler {
			t.Errorf("Break %d: panic %v", drop, got)
		}
	}
}

// panicOf returns the value with which a function panics.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func TestFaultHeader(t *testing.T) {
	for name, tt := range map[string]struct {
		header      http.Header
		body        string
		contentType []string
	}{
		"default":        {http.Header{}, "", []string{"application/json"}},
		"default, body":  {http.Header{}, "<html>", []string{"application/json"}},
		"other":          {http.Header{"Content-Type": {"text/html"}}, "<html>", []string{"text/html"}},
		"other, no body": {http.Header{"content-type": {"text/html"}}, "", []string{"text/html"}},
		"none":           {http.Header{"Content-Type": nil}, "x", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := inMemory(t)
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

func TestFaultScope(t *testing.T) {
	c := inMemory(t)
	const token = `{"access_token":"x","expires_in":"18000"}`
	c.fake.Inject(m3tertest.Fault{Operation: "Token", Times: 1, Status: 200, Body: token})
	if a := c.requestToken("", "", "", ""); a.status != 200 || a.body != token {
		t.Errorf("token response %d %q", a.status, a.body)
	}
	c.fake.Inject(m3tertest.Fault{Status: 503}) // for the operations, not for the token
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
	c.call(gen.RequestSupport.Operation, supportBody).into(200, new(any))
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
		`no operation "CreatePolicy"`:   {Operation: "CreatePolicy", Status: 503},
		"Times is negative (-1)":        {Times: -1},
		"Delay is negative (-1s)":       {Delay: -time.Second},
		"Status is 100;":                {Status: 100},
		"Status is 1000;":               {Status: 1000},
		"Header and Body need a Status": {Body: "x"},
		"Body need a Status":            {Header: http.Header{}},
		"no Break 6":                    {Break: m3tertest.EndlessAnswer + 1},
		"no Break -1":                   {Break: -1},
	}
	for want, fault := range mistakes {
		fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) { return fault, true })
		for caller, mistake := range map[string]func(){
			"Inject":     func() { fake.Inject(fault) },
			"InjectFunc": func() { fake.ServeHTTP(nil, httptest.NewRequest("GET", "/", nil)) },
		} {
			if got := fmt.Sprint(panicOf(mistake)); !strings.HasPrefix(got, "m3tertest: "+caller+": ") || !strings.Contains(got, want) {
				t.Errorf("panic %q, want %q", got, want)
			}
		}
		fake.ClearFaults() // it needs the lock
	}
}

// A request is applied if it changes something. Reads and refused writes are not.
func TestApplied(t *testing.T) {
	c := inMemory(t)
	link := c.link().URL.Path
	c.fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"}, m3tertest.Item{TargetID: "1", TargetType: "item"})
	c.call(gen.UserPermissions.Operation, "", "user")
	c.call(gen.CreatePermissionPolicy.Operation, policyBody)
	c.call(gen.RequestSupport.Operation, supportBody)
	for _, path := range []string{"/support", "/permissionpolicies"} {
		for method, status := range map[string]int{"GET": 200, "HEAD": 200, "OPTIONS": 405} {
			if a := c.do(method, path, ""); a.status != status {
				t.Errorf("%s %s: status %d", method, path, a.status)
			}
		}
	}
	for range 2 {
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "meter", "g")
	}
	for range 2 {
		c.doAt("POST", link, linkBody)
	}
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

// The fake carries out the request, and then a gateway reports a failure, or the response is late.
func TestCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		for _, fault := range []m3tertest.Fault{{Status: 504}, {}} {
			fault.Times, fault.CarriedOut, fault.Delay = 1, true, time.Minute
			c.fake.Inject(fault)
			start := time.Now()
			got := c.call(gen.CreatePermissionPolicy.Operation, policyBody)
			if got.status != cmp.Or(fault.Status, 200) || time.Since(start) != time.Minute || !c.last().Applied {
				t.Errorf("status %d after %v, recorded as %+v", got.status, time.Since(start), c.last())
			}
		}
	})
}

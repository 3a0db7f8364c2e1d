package m3tertest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The client sends the request body only if the server reads it.
func TestFaults(t *testing.T) {
	const cut, endless = "unexpected EOF", "too large"
	for name, tt := range map[string]struct {
		method  string // the server accepts only POST
		fault   m3tertest.Fault
		failure string // the end of the error; "": no error, "-": any error
		status  int    // recorded
		applied bool
		arrived string // the beginning of the response body
	}{
		"none":             {"POST", m3tertest.Fault{}, "", 200, true, `{"createdBy":"`},
		"status":           {"POST", m3tertest.Fault{Status: 503}, "", 503, false, `{"message":"Service Unavailable"}`},
		"unnamed status":   {"POST", m3tertest.Fault{Status: 599}, "", 599, false, `{"message":"status 599"}`},
		"status with body": {"POST", m3tertest.Fault{Status: 200, Body: "[]"}, "", 200, false, "[]"},
		"no content":       {"POST", m3tertest.Fault{Status: 204}, "", 204, false, ""},
		"carried out":      {"POST", m3tertest.Fault{CarriedOut: true, Status: 504}, "", 504, true, `{"message":"Gateway T`},
		"drop before body": {"POST", m3tertest.Fault{Break: m3tertest.DropBeforeBody}, "EOF", 0, false, ""},
		"drop after body":  {"POST", m3tertest.Fault{Break: m3tertest.DropAfterBody}, "EOF", 0, false, ""},
		"drop response":    {"POST", m3tertest.Fault{Break: m3tertest.DropAnswer}, "EOF", 0, true, ""},
		"cut response":     {"POST", m3tertest.Fault{Break: m3tertest.CutAnswer}, cut, 200, true, `{"createdBy":"`},
		"endless response": {"POST", m3tertest.Fault{Break: m3tertest.EndlessAnswer}, endless, 200, true, `{"createdBy":"`},
		"drop status":      {"POST", m3tertest.Fault{Status: 503, Break: m3tertest.DropAnswer}, "EOF", 0, false, ""},
		"cut status":       {"POST", m3tertest.Fault{Status: 503, Body: "1234567", Break: m3tertest.CutAnswer}, cut, 503, false, "123"},
		"endless status": {"POST", m3tertest.Fault{
			Status: 503, Body: "<p>", Header: http.Header{"Content-Length": {"3"}}, Break: m3tertest.EndlessAnswer,
		}, endless, 503, false, "<p  "},
		"drop refusal":    {"PUT", m3tertest.Fault{Break: m3tertest.DropAnswer}, "EOF", 0, false, ""},
		"cut refusal":     {"PUT", m3tertest.Fault{Break: m3tertest.CutAnswer}, cut, 405, false, `{"message":"`},
		"endless refusal": {"PUT", m3tertest.Fault{Break: m3tertest.EndlessAnswer}, endless, 405, false, `{"message":"`},

		// These responses have no body in net/http.
		"cut 204":             {"POST", m3tertest.Fault{CarriedOut: true, Status: 204, Break: m3tertest.CutAnswer}, "-", 204, true, ""},
		"cut 304":             {"GET", m3tertest.Fault{Status: 304, Break: m3tertest.CutAnswer}, "-", 304, false, ""},
		"cut 204 to HEAD":     {"HEAD", m3tertest.Fault{Status: 204, Break: m3tertest.CutAnswer}, "-", 204, false, ""},
		"cut 503 to HEAD":     {"HEAD", m3tertest.Fault{Status: 503, Break: m3tertest.CutAnswer}, "-", 503, false, ""},
		"cut refusal of HEAD": {"HEAD", m3tertest.Fault{Break: m3tertest.CutAnswer}, "-", 405, false, ""},
	} {
		for transport, start := range transports {
			t.Run(name+"/"+transport, func(t *testing.T) {
				c := start(t)
				c.client.Transport.(*http.Transport).ExpectContinueTimeout = time.Hour
				r := c.link()
				r.Method = tt.method
				r.Header.Set("Expect", "100-continue")
				tt.fault.Times = 1
				c.fake.Inject(tt.fault)
				a, err := c.attempt(r)
				if (err == nil) != (tt.failure == "") || len(tt.failure) > 1 && !strings.HasSuffix(err.Error(), tt.failure) {
					t.Errorf("error %v, want %q", err, tt.failure)
				}
				if !strings.HasPrefix(a.body, tt.arrived) {
					t.Errorf("body %.99q, want %q", a.body, tt.arrived)
				}
				if length := a.header.Get("Content-Length"); tt.fault.Break == m3tertest.CutAnswer && tt.arrived != "" &&
					length != fmt.Sprint(2*len(a.body)) && length != fmt.Sprint(2*len(a.body)+1) {
					t.Errorf("%d of %s bytes arrived, want half", len(a.body), length)
				}
				want := linkBody
				if tt.fault.Break == m3tertest.DropBeforeBody {
					want = ""
				}
				got := c.last()
				if len(c.fake.Requests()) != 2 || got.Status != tt.status || got.Applied != tt.applied || string(got.Body) != want {
					t.Errorf("%d requests, the last %+v; want status %d, applied %v", len(c.fake.Requests()), got, tt.status, tt.applied)
				}
				if linked := len(c.fake.UserPolicies("user")) == 1; linked != tt.applied {
					t.Errorf("linked %v, want %v", linked, tt.applied)
				}
			})
		}
	}
}

// Over HTTP/2 the fake can't hijack the connection. It breaks the stream.
func TestCutWithoutBodyOverHTTP2(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	host := httptest.NewUnstartedServer(fake)
	host.EnableHTTP2 = true
	host.StartTLS()
	t.Cleanup(host.Close)
	fake.Inject(m3tertest.Fault{Status: 204, Break: m3tertest.CutAnswer})
	if resp, err := host.Client().Post(host.URL, "text/plain", nil); err == nil {
		resp.Body.Close()
		t.Errorf("%s %s, and no error", resp.Proto, resp.Status)
	}
}

// Without a connection to close, the fake panics with http.ErrAbortHandler. CutAnswer needs no panic: net/http closes
// the connection of a body that is too short.
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
	for _, tt := range []struct {
		header      http.Header
		body        string
		contentType []string
	}{
		{http.Header{}, "", []string{"application/json"}},
		{http.Header{}, "<html>", []string{"application/json"}},
		{http.Header{"Content-Type": {"text/html"}}, "<html>", []string{"text/html"}},
		{http.Header{"content-type": {"text/html"}}, "", []string{"text/html"}},
		{http.Header{"Content-Type": nil}, "x", nil},
	} {
		c := inMemory(t)
		tt.header["retry-after"] = []string{"7"}
		c.fake.Inject(m3tertest.Fault{Status: 429, Header: tt.header, Body: tt.body})
		tt.header.Set("Later", "too late")
		got := c.do("GET", "/support", "").header
		if !reflect.DeepEqual(got["Content-Type"], tt.contentType) || got.Get("Retry-After") != "7" || got.Get("Later") != "" {
			t.Errorf("header %v, want Content-Type %q", got, tt.contentType)
		}
	}
}

func TestFaultOrder(t *testing.T) {
	c := inMemory(t)
	c.fake.Inject(m3tertest.Fault{Operation: "GetSupport", Times: 1}) // passes
	c.fake.Inject(m3tertest.Fault{Times: 2, Status: 501})             // not for token requests
	c.fake.Inject(m3tertest.Fault{Operation: "Token", Times: 1, Status: 502})
	c.fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		return m3tertest.Fault{Operation: "Token", Times: 1, Status: 504}, r.Query.Has("chosen")
	})
	c.fake.Inject(m3tertest.Fault{Operation: "GetSupport", Status: 503})
	c.requestToken(c.fake.APIKey, c.fake.APISecret, "application/json", grantBody).refused(502, "")
	c.authenticate()
	for i, want := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nothing", 501},
		{"GET", "/support", 404},
		{"GET", "/support?chosen", 501},
		{"GET", "/support?chosen", 504},
		{"GET", "/support", 503},
		{"GET", "/support?chosen", 504},
		{"GET", "/support", 503},
		{"GET", "/nothing", 404},
		{"PUT", "/support", 400},
	} {
		if a := c.do(want.method, want.path, ""); a.status != want.status {
			t.Errorf("request %d: status %d, want %d", i, a.status, want.status)
		}
	}
	c.fake.ClearFaults()
	c.do("GET", "/support?chosen", "").refused(404, "support")
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

// The server applies writes that succeed.
func TestApplied(t *testing.T) {
	c := inMemory(t)
	c.link()
	c.fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"}, m3tertest.Item{TargetID: "1", TargetType: "item"})
	c.call(gen.UserPermissions.Operation, "", "user").into(200, new(any))
	c.call(gen.CreatePermissionPolicy.Operation, policyBody)
	c.call(gen.RequestSupport.Operation, supportBody)
	for _, method := range []string{"GET", "HEAD"} {
		if a := c.do(method, "/support", ""); a.status != 200 {
			t.Errorf("%s: status %d", method, a.status)
		}
	}
	for range 2 { // the server refuses the second removal and the second link
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "meter", "g")
		c.call(gen.AddPermissionPolicyToUser.Operation, linkBody, "p")
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

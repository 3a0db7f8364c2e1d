package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The response to the first write is lost, or comes from a gateway, and no interrupt follows.
func TestUnknownOutcomeOfOpening(t *testing.T) {
	for name, fault := range map[string]m3tertest.Fault{
		"response lost":         {Break: m3tertest.DropAnswer},
		"request lost":          {Break: m3tertest.DropAfterBody},
		"gateway":               {Status: 502},
		"response without JSON": {Status: 200, Body: "<html>", CarriedOut: true},
	} {
		t.Run(name, func(t *testing.T) {
			fake := exampletest.NewFake(t)
			fault.Operation, fault.Times = "RequestSupport", 1
			fake.Inject(fault)
			p := exampletest.Run(t, exampletest.Environment(fake), "-for", "1h")
			p.Check(1, "grant: could not open support access; it is not open\n")
			support, _ := fake.Support()
			checkEnded(t, fake, support.Version)
		})
	}
}

// Until support access is open, there is nothing to revoke.
func TestInterruptBeforeOpening(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	for _, operation := range []string{"Token", "GetSupport"} {
		fake := exampletest.NewFake(t)
		asked := exampletest.Silence(fake, operation)
		p := exampletest.New(t, exampletest.Environment(fake), "-for", "1h")
		p.Begin()
		<-asked
		p.Interrupt(os.Interrupt)
		p.End()
		p.Check(1, "grant: interrupted: support access was not opened: m3teraccess: ")
		if operations := exampletest.Operations(fake); slices.Contains(operations, "RequestSupport") {
			t.Errorf("the operations are %q", operations)
		}
	}
}

func TestRevokingIsRefused(t *testing.T) {
	exampletest.SkipWithoutSignals(t)
	fake := exampletest.NewFake(t)
	p := exampletest.New(t, exampletest.Environment(fake), "-for", "1h")
	p.Begin()
	p.Err.WaitFor(t, isOpen)
	opened, _ := fake.Support()
	fake.Inject(m3tertest.Fault{Operation: "RequestSupport", Status: 403})
	p.Interrupt(os.Interrupt)
	p.End()
	p.Check(1, "grant: SUPPORT ACCESS STAYS OPEN until "+example.Clock(opened.EndSupportUsersAccess)+" for: allow config:retrieve on config:*; ")
	if !strings.Contains(p.Err.String(), "403 Forbidden") {
		t.Errorf("stderr\n%s", p.Err)
	}
}

// If m3ter no longer has the support request, grant says that the access may stay open.
func TestSupportRequestIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder) {
		ended := m3teraccess.SupportRequest{EndSupportUsersAccess: time.Now().Add(-time.Hour)}
		if _, err := g.client.RequestSupport(t.Context(), ended); err != nil {
			t.Fatal(err)
		}
		err := g.run(interrupted(t, time.Minute, fake, m3tertest.Fault{Operation: "GetSupport", Status: 404}), grantFor(time.Hour))
		if err == nil || !strings.HasPrefix(err.Error(), "SUPPORT ACCESS STAYS OPEN") {
			t.Errorf("%v; log\n%s", err, log)
		}
	})
}

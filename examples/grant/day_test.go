package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// If m3ter refuses an end before tomorrow, each run closes the access as far as this rule allows, and reports access
// that stays open. The clock of a bubble starts at midnight UTC.
func TestRuleOfTheDay(t *testing.T) {
	for name, fault := range map[string]m3tertest.Fault{
		"no fault":            {Operation: "RemoveResource"},
		"response lost":       {Operation: "RequestSupport", Times: 1, Break: m3tertest.DropAnswer},
		"request lost":        {Operation: "RequestSupport", Times: 3, Break: m3tertest.DropAfterBody},
		"reads fail":          {Operation: "GetSupport", Times: 5, Status: 503},
		"response unreadable": {Operation: "RequestSupport", Times: 1, Status: 200, Body: "<html>", CarriedOut: true},
	} {
		for _, interrupt := range []time.Duration{0, time.Minute, 24*time.Hour + 30*time.Minute, 48 * time.Hour} {
			for _, duration := range []time.Duration{30 * time.Minute, 24 * time.Hour, 25 * time.Hour, 200 * time.Hour} {
				t.Run(fmt.Sprintf("%s, interrupt after %v of %v", name, interrupt, duration), func(t *testing.T) {
					inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder) {
						ctx := t.Context()
						if interrupt == 0 { // no interrupt; the fault affects the opening
							fake.Inject(fault)
						} else {
							ctx = interrupted(t, interrupt, fake, fault)
						}
						checkDay(t, fake, g.run(ctx, grantFor(duration)), log.String())
					}, m3tertest.WithSupportUntilEndOfDay())
				})
			}
		}
	}
}

// checkDay fails unless the access is closed as far as the end-of-day rule allows, and err reports access that stays
// open.
func checkDay(t *testing.T, fake *m3tertest.Server, err error, log string) {
	t.Helper()
	support, isKnown := fake.Support()
	end := support.EndSupportUsersAccess
	switch {
	case !isKnown:
		if err == nil || !strings.Contains(err.Error(), "support access was not opened: ") {
			t.Errorf("access was not opened, error %v; log\n%s", err, log)
		}
	case !end.After(time.Now()):
		if err != nil && !strings.HasSuffix(err.Error(), "it is not open") {
			t.Errorf("access has ended, error %v; log\n%s", err, log)
		}
	case !end.Equal(tomorrow()) || len(support.SupportUsersPermissionPolicy) > 0:
		t.Errorf("support access ends at %v with %v, now is %v; error %v; log\n%s", end, support.SupportUsersPermissionPolicy, time.Now(), err, log)
	case err == nil || !strings.Contains(err.Error(), "support access stays open until "+example.Clock(end)+", without permissions"):
		t.Errorf("access stays open until %v, error %v; log\n%s", end, err, log)
	}
}

// If m3ter enforces the end-of-day rule, it refuses the first write, before any change. The program announces the rule
// before this write.
func TestAnnounced(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder) {
		var before string
		fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
			if r.Operation == "RequestSupport" && before == "" {
				before = log.String()
			}
			return m3tertest.Fault{}, false
		})
		err := g.run(t.Context(), grantFor(30*time.Minute))
		if !errors.Is(err, m3teraccess.ErrBadRequest) {
			t.Errorf("error %v", err)
		}
		for _, want := range []string{"until 2000-01-01T00:30:00Z, for: allow all on *", "refuses an end before 2000-01-02T00:00:00Z", "until 2000-01-02T00:00:00Z, without permissions"} {
			if !strings.Contains(before, want) {
				t.Errorf("the log before the first write does not contain %q:\n%s", want, before)
			}
		}
	}, m3tertest.WithSupportUntilEndOfDay())
}

// m3ter may keep the statements that the program removes.
func TestStatementsThatStay(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, _ *strings.Builder) {
		kept := m3tertest.Fault{Operation: "RequestSupport", Status: 200, Body: `{"id":"s","version":2,"dtEndSupportUsersAccess":"2000-01-02T00:00:00Z",
			"supportUsersPermissionPolicy":[{"effect":"ALLOW","action":["ALL"],"resource":["*"]}]}`}
		err := g.run(interrupted(t, time.Minute, fake, kept), grantFor(time.Hour))
		if err == nil || err.Error() != "SUPPORT ACCESS STAYS OPEN until 2000-01-02T00:00:00Z for: allow all on *; version 2" {
			t.Error(err)
		}
	})
}

// Someone else extends the access. The program finds this out when the time is up.
func TestExtendedBySomeoneElse(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder) {
		time.AfterFunc(time.Minute, func() {
			_, err := g.client.RequestSupport(t.Context(), m3teraccess.SupportRequest{EndSupportUsersAccess: time.Now().Add(5 * time.Hour), Version: 1})
			if err != nil {
				t.Error(err)
			}
		})
		err := g.run(t.Context(), grantFor(time.Hour))
		if !errors.Is(err, errChanged) || !strings.Contains(err.Error(), "2000-01-01T05:01:00Z") {
			t.Errorf("error %v; log\n%s", err, log)
		}
	})
}

// If m3ter does not respond when the time is up, it is unknown whether the access has ended.
func TestUnknownEnd(t *testing.T) {
	for _, interrupt := range []time.Duration{time.Hour - time.Second, 2 * time.Hour} {
		inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, _ *strings.Builder) {
			time.AfterFunc(time.Minute, func() { fake.Inject(m3tertest.Fault{Operation: "GetSupport", Delay: time.Hour}) })
			err := g.run(interrupted(t, interrupt, fake, m3tertest.Fault{Operation: "RemoveResource"}), grantFor(time.Hour))
			if err == nil || !strings.HasPrefix(err.Error(), "support access was due to end at 2000-01-01T01:00:00Z; it is unknown whether it has ended: ") {
				t.Error(err)
			}
		})
	}
}

// The response to the write that sets the end to tomorrow is lost.
func TestLostResponseOfTomorrow(t *testing.T) {
	inBubble(t, func(t *testing.T, fake *m3tertest.Server, g *grant, log *strings.Builder) {
		writes := 0
		fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
			if r.Operation != "RequestSupport" {
				return m3tertest.Fault{}, false
			}
			writes++
			return m3tertest.Fault{Break: m3tertest.DropAnswer}, writes == 3 // the first write opened the access, m3ter refused the second
		})
		checkDay(t, fake, g.run(interrupted(t, time.Minute, fake, m3tertest.Fault{Operation: "RemoveResource"}), grantFor(25*time.Hour)), log.String())
		if support, _ := fake.Support(); writes != 3 || support.Version != 2 {
			t.Errorf("%d writes, version %d", writes, support.Version)
		}
	}, m3tertest.WithSupportUntilEndOfDay())
}

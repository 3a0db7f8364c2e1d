package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

const usage = `grant opens m3ter's support access for a limited time. An interrupt revokes the access early.

grant runs in the foreground until the access is due to end. Before the first change, it says on standard error what it
is about to do. It then reports each step. If you press Ctrl-C, close the terminal or send SIGTERM, grant revokes the
access: it removes every permission from the access, and ends the access at once.

According to m3ter's guide "Granting m3ter Support Access to Organization", support access lasts at least until the end
of the day. If m3ter enforces this rule, it refuses an earlier end time. In that case, after an interrupt, the access
stays open, without any permissions, until 00:00 UTC tomorrow. If the access that grant opened stays open, grant reports
the end time and the permissions of the access. If someone else has set another end time in the meantime, grant does not
change the access, and reports only this end time.

The exit status is 0 if grant opened the access and the access has ended, on time or after an interrupt; 1 if grant
could not open the access, or if the access has not ended or is in an unknown state; and 2 if the flags are wrong.

` + example.WhichM3ter + `
Examples:
  grant
  grant -for 30m
  grant -for 8h -actions config:retrieve,config:update -resources 'config:meter/*,config:plan/*'
  grant -for 1s -replace
        ends any support access that is open, even if someone else opened it; if m3ter enforces the end-of-day rule, this
        command changes nothing
`

const (
	minDuration  = time.Second
	demoDuration = 3 * time.Second
)

// options are the values of the flags.
type options struct {
	duration  time.Duration
	actions   []m3teraccess.Action
	resources []string
	replace   bool
}

func parseFlags(args []string, help io.Writer) (*options, error) {
	o := &options{actions: []m3teraccess.Action{m3teraccess.ConfigRetrieve}, resources: []string{"config:*"}}
	flags := flag.NewFlagSet("grant", flag.ContinueOnError)
	flags.DurationVar(&o.duration, "for", 0, "`duration` of the access, such as 30m; the end time is rounded up to a whole second; required with the real m3ter (default 3s with the in-memory m3ter)")
	flags.Func("actions", "comma-separated `actions` that support users may perform, in lower case (default config:retrieve)", example.CommaList(&o.actions))
	flags.Func("resources", "comma-separated `resources` on which support users may perform the actions (default config:*)", example.CommaList(&o.resources))
	flags.BoolVar(&o.replace, "replace", false, "replace support access that is already open; grant does not restore it afterwards")
	return o, example.ParseFlags(flags, args, usage, help, o.check)
}

func (o *options) check() error {
	if o.duration == 0 && example.IsDemo() {
		o.duration = demoDuration
	}
	switch {
	case o.duration == 0:
		return errors.New("-for is missing; give it the duration of the access, such as 30m")
	case o.duration < minDuration:
		return fmt.Errorf("-for is %v; it must be at least %v", o.duration, minDuration)
	}
	return nil
}

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

const usage = `grant opens m3ter's support access for a while, and revokes it when it is interrupted before that.

It stays in the foreground until the access has ended, and says on standard error what it does, and before that what it
will do. Interrupted by Ctrl-C, by kill or because its terminal is closed, it revokes the access: it takes all statements
away, and lets the access end at once. m3ter's guide has access last until the day is over. Where the service insists on
that, it refuses to open access for less, and at an interrupt the access ends tomorrow at 00:00 UTC, without statements
until then. Whatever stays open, it says until when and for what. It doesn't touch access that someone else has
changed meanwhile.

The exit status is 0 when the access has ended, at its time or at the interrupt; 1 when it has not, or was not opened, or
nobody knows; 2 when the flags are wrong.

` + example.WhereItRuns + `
Examples:
  grant
  grant -for 30m
  grant -for 8h -actions config:retrieve,config:update -resources 'config:meter/*,config:plan/*'
  grant -for 1s -replace
        lets support access end that is open, whoever opened it
`

const (
	leastDuration = time.Second
	demoDuration  = 3 * time.Second
)

// options are what the flags say.
type options struct {
	duration  time.Duration
	actions   []m3teraccess.Action
	resources []string
	replace   bool
}

func parseFlags(args []string, help io.Writer) (*options, error) {
	o := &options{actions: []m3teraccess.Action{m3teraccess.ConfigRetrieve}, resources: []string{"config:*"}}
	flags := flag.NewFlagSet("grant", flag.ContinueOnError)
	flags.DurationVar(&o.duration, "for", 0, "for how long, a `duration` such as 30m, rounded up to end at a whole second; required against the real service, against the in-memory m3ter 3s")
	flags.Func("actions", "the `actions` that support users may do, lower case, a comma between two (default config:retrieve)", example.CommaList(&o.actions))
	flags.Func("resources", "the `resources` on which they may do them, a comma between two (default config:*)", example.CommaList(&o.resources))
	flags.BoolVar(&o.replace, "replace", false, "also where support access is open already, which does not come back then")
	return o, example.ParseFlags(flags, args, usage, help, o.check)
}

func (o *options) check() error {
	if o.duration == 0 && example.IsDemo() {
		o.duration = demoDuration
	}
	switch {
	case o.duration == 0:
		return errors.New("-for is missing: how long should support access stay open?")
	case o.duration < leastDuration:
		return fmt.Errorf("-for is %v; it must be %v or more", o.duration, leastDuration)
	}
	return nil
}

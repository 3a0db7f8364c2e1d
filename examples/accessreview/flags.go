package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

const usage = `accessreview reviews the policies of a user of a m3ter organization.

  1. creates a policy that allows as little as is needed (-policy), and adds it to the user
  2. lists every policy of the user, page by page, as a table
  3. opens support access until a given time (-support-until), and then extends it (-support-extend) in a way that
     loses nobody else's change
  4. removes an item from a resource group (-group-type, -group, -item)

The table goes to standard output, what happens meanwhile to standard error. The exit status is 0, 1
after an error, or 2 when the flags are wrong.

Against the real service only the list is done, unless -write is given; then those of the other steps whose flags are
given. Against the in-memory m3ter all steps are done, and every flag has a default. While support access is being
extended, a second writer changes it.

` + example.WhereItRuns + `
Examples:
  accessreview
  accessreview -page-size 1 -policy "Plan readers" -resources 'config:plan/*'
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21 -write -policy "Meter readers"
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21 -write -support-until 2026-03-01T17:00:00Z
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21 -write \
      -group-type meter -group b8f9d1c2-3f7e-4c55-9a2e-1d6f4c0b7e31 -item 06f6b50c-a868-4ca6-8a3b-448e507d5248
`

// options are what the flags say.
type options struct {
	user     string
	pageSize int
	write    bool

	policy    string
	actions   []m3teraccess.Action
	resources []string

	supportUntil  time.Time
	supportExtend time.Duration

	groupType, group, item string
}

// parseFlags reads the flags, and refuses what can be seen to be wrong without a call.
func parseFlags(args []string, help io.Writer) (*options, error) {
	o := &options{actions: []m3teraccess.Action{m3teraccess.ConfigRetrieve}, resources: []string{"config:meter/*"}}
	flags := flag.NewFlagSet("accessreview", flag.ContinueOnError)
	flags.StringVar(&o.user, "user", "", "`id` of the user whose access is reviewed; required against the real service")
	flags.IntVar(&o.pageSize, "page-size", 0, "`policies` in a page, 1 to 200; 100 if absent, against the in-memory m3ter 2")
	flags.BoolVar(&o.write, "write", false, "change the real service; else it is only read")
	flags.StringVar(&o.policy, "policy", "", "`name` of the policy to create and to add to the user; each run creates another one")
	flags.Func("actions", "the `actions` that the policy allows, lower case, a comma between two (default config:retrieve)", example.CommaList(&o.actions))
	flags.Func("resources", "the `resources` on which it allows them, a comma between two (default config:meter/*)", example.CommaList(&o.resources))
	flags.Func("support-until", "open m3ter's support access for reading until this `time`, such as 2026-03-01T17:00:00Z", moment(&o.supportUntil))
	flags.DurationVar(&o.supportExtend, "support-extend", 0, "then let support access end later by this `duration`, such as 1h30m")
	flags.StringVar(&o.groupType, "group-type", "", "`type` of the resource group, such as meter or plan")
	flags.StringVar(&o.group, "group", "", "`id` of the resource group")
	flags.StringVar(&o.item, "item", "", "`id` of the item to remove from the resource group")
	return o, example.ParseFlags(flags, args, usage, help, o.check)
}

func moment(at *time.Time) func(string) error {
	return func(s string) (err error) {
		if *at, err = time.Parse(time.RFC3339, s); err != nil {
			return errors.New("a time looks like 2026-03-01T17:00:00Z")
		}
		return nil
	}
}

func (o *options) check() error {
	if example.IsDemo() {
		o.fillForDemo()
	}
	if o.user == "" {
		return errors.New("-user is missing: whose access should it review?")
	}
	if o.pageSize == 0 {
		o.pageSize = 100
	}
	if o.pageSize < 1 || o.pageSize > 200 {
		return fmt.Errorf("-page-size is %d; it must be 1 to 200", o.pageSize)
	}
	if o.supportExtend < 0 {
		return fmt.Errorf("-support-extend is %v; it must be above zero", o.supportExtend)
	}
	if given := o.groupType != ""; given != (o.group != "") || given != (o.item != "") {
		return errors.New("-group-type, -group and -item belong together: give all or none")
	}
	if o.write && !o.hasWrites() {
		return errors.New("-write needs to know what to change: -policy, -support-until, -support-extend or -item")
	}
	return nil
}

func (o *options) hasWrites() bool {
	return o.policy != "" || !o.supportUntil.IsZero() || o.supportExtend != 0 || o.item != ""
}

// fillForDemo gives every flag that is absent a value that the in-memory m3ter knows.
func (o *options) fillForDemo() {
	o.write = true
	o.user = cmp.Or(o.user, demoUser)
	o.pageSize = cmp.Or(o.pageSize, 2)
	o.policy = cmp.Or(o.policy, "Meter readers")
	o.supportUntil = cmp.Or(o.supportUntil, time.Now().UTC().Truncate(time.Hour).Add(24*time.Hour))
	o.supportExtend = cmp.Or(o.supportExtend, time.Hour)
	if o.groupType == "" && o.group == "" && o.item == "" {
		o.groupType, o.group, o.item = demoGroupType, demoGroup, demoItem
	}
}

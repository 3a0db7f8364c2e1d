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

  1. It creates a policy (-policy) that allows the given actions on the given resources (-actions, -resources), and
     adds the policy to the user.
  2. It lists all policies of the user, page by page, as a table.
  3. It opens support access until a given time (-support-until), and extends support access (-support-extend) without
     overwriting anyone else's change.
  4. It removes an item from a resource group (-group-type, -group, -item).

accessreview writes the table to standard output, and messages to standard error. The exit status is 0 on success,
1 after an error, and 2 if the flags are wrong.

With the real m3ter, accessreview only lists the policies. With -write, it also performs each of the other steps whose
flags are given. With the in-memory m3ter, it performs all steps, and uses sample values for flags that are not given.
To show a conflict, a second writer changes the support access of the in-memory m3ter while accessreview extends it.

` + example.WhichM3ter + `
Examples:
  accessreview
  accessreview -page-size 1 -policy "Plan readers" -resources 'config:plan/*'
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21 -write -policy "Meter readers"
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21 -write -support-until 2026-03-01T17:00:00Z
  accessreview -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21 -write \
      -group-type meter -group b8f9d1c2-3f7e-4c55-9a2e-1d6f4c0b7e31 -item 06f6b50c-a868-4ca6-8a3b-448e507d5248
`

// options are the values of the flags.
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

// parseFlags parses the flags, and checks them as far as it can without a call.
func parseFlags(args []string, help io.Writer) (*options, error) {
	o := &options{actions: []m3teraccess.Action{m3teraccess.ConfigRetrieve}, resources: []string{"config:meter/*"}}
	flags := flag.NewFlagSet("accessreview", flag.ContinueOnError)
	flags.StringVar(&o.user, "user", "", "`id` of the user to review; required with the real m3ter")
	flags.IntVar(&o.pageSize, "page-size", 0, "number of `policies` per page, 1 to 200 (default 100, or 2 with the in-memory m3ter)")
	flags.BoolVar(&o.write, "write", false, "allow changes to the real m3ter; without -write, accessreview only reads")
	flags.StringVar(&o.policy, "policy", "", "`name` of the policy to create and add to the user; each run creates a new policy")
	flags.Func("actions", "comma-separated `actions` that the policy allows, in lower case (default config:retrieve)", example.CommaList(&o.actions))
	flags.Func("resources", "comma-separated `resources` on which the policy allows the actions (default config:meter/*)", example.CommaList(&o.resources))
	flags.Func("support-until", "let m3ter's support users read the configuration until this `time`, such as 2026-03-01T17:00:00Z; support access that is already open is replaced", timeFlag(&o.supportUntil))
	flags.DurationVar(&o.supportExtend, "support-extend", 0, "extend support access by this `duration`, such as 1h30m; if -support-until is also given, support access is opened first")
	flags.StringVar(&o.groupType, "group-type", "", "`type` of the resource group, such as meter or plan")
	flags.StringVar(&o.group, "group", "", "`id` of the resource group")
	flags.StringVar(&o.item, "item", "", "`id` of the item to remove from the resource group")
	return o, example.ParseFlags(flags, args, usage, help, o.check)
}

// timeFlag returns a function for flag.Func that stores a time in at.
func timeFlag(at *time.Time) func(string) error {
	return func(s string) (err error) {
		if *at, err = time.Parse(time.RFC3339, s); err != nil {
			return errors.New("use a time such as 2026-03-01T17:00:00Z")
		}
		return nil
	}
}

func (o *options) check() error {
	if example.IsDemo() {
		o.fillForDemo()
	}
	if o.user == "" {
		return errors.New("-user is missing; give it the id of the user to review")
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
		return errors.New("-group-type, -group and -item belong together; give all of them or none")
	}
	if o.write && !o.hasWrites() {
		return errors.New("-write needs at least one of -policy, -support-until, -support-extend and -item")
	}
	return nil
}

func (o *options) hasWrites() bool {
	return o.policy != "" || !o.supportUntil.IsZero() || o.supportExtend != 0 || o.item != ""
}

// fillForDemo gives each missing flag a value that fits the in-memory m3ter.
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

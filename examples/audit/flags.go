package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
)

const usage = `audit writes down the policies of the users of a m3ter organization.

These are the policies that were added to each user. Those of the user's groups count too, and are not among them; a deny
wins over every allow.

Without -users, all users of the organization are taken. A list of users has an id a line; blank lines, and lines that
begin with #, are skipped. audit writes a line of JSON a user to standard output, as soon as it has all of that user's
policies, and so in no order:

  {"user":"3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21","policies":[{"id":...,"name":...,"permissionPolicy":[...],...},...]}

A user that fails is reported on standard error, with the number of its line in the list, and has no line in the output;
the others are done all the same. Where standard error is a terminal, its last line tells how far the audit is, unless the
ids are typed there.

Many users are asked for at once, and no more than m3ter allows in a second. Interrupted, it ends with whole lines only.
The exit status is 0 when every user was done, 2 when the flags are wrong, else 1.

` + example.WhereItRuns + `
Examples:
  audit > audit.jsonl
  audit -users users.txt > audit.jsonl
  audit | jq -r 'select(any(.policies[]; .managedPolicy)) | .user'
`

const (
	defaultParallel = 50 // enough for 50 calls a second while m3ter takes no longer than a second for one
	mostParallel    = 1000
)

// options are what the flags say.
type options struct {
	users    string // empty: all
	parallel int
}

func parseFlags(args []string, help io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	flags.StringVar(&o.users, "users", "", "`file` that lists ids of users, - for standard input; all users of the organization if absent")
	flags.IntVar(&o.parallel, "parallel", defaultParallel, fmt.Sprintf("how many `users` to ask for at once, 1 to %d", mostParallel))
	return o, example.ParseFlags(flags, args, usage, help, func() error {
		if o.parallel < 1 || o.parallel > mostParallel {
			return fmt.Errorf("-parallel is %d; it must be 1 to %d", o.parallel, mostParallel)
		}
		return nil
	})
}

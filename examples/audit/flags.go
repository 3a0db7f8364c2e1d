package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
)

const usage = `audit writes down everything that the users of a m3ter organization may do.

It reads the ids of the users from standard input, one a line; blank lines, and lines that begin with #, are skipped. It
writes a line of JSON a user to standard output, as soon as it has all of that user's policies, and so in no order:

  {"user":"3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21","policies":[{"id":...,"name":...,"permissionPolicy":[...],...},...]}

A user that fails is reported on standard error with the number of its line, and has no line in the output; the others
are done all the same. Where standard error is a terminal, its last line tells how far the audit is, unless the ids are
typed there.

Many users are asked for at once, and no more than m3ter allows in a second. Interrupted, it ends with whole lines only.
The exit status is 0 when every user was done, 2 when the flags are wrong, else 1.

` + example.WhereItRuns + `  The in-memory m3ter has users of its own; standard input is not read then.

Examples:
  audit
  audit < users.txt > audit.jsonl
  audit < users.txt | jq -r 'select(any(.policies[]; .managedPolicy)) | .user'
`

const (
	defaultParallel = 50 // enough for 50 calls a second while m3ter takes no longer than a second for one
	mostParallel    = 1000
)

// options are what the flags say.
type options struct{ parallel int }

func parseFlags(args []string, help io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	flags.IntVar(&o.parallel, "parallel", defaultParallel, fmt.Sprintf("how many `users` to ask for at once, 1 to %d", mostParallel))
	return o, example.ParseFlags(flags, args, usage, help, func() error {
		if o.parallel < 1 || o.parallel > mostParallel {
			return fmt.Errorf("-parallel is %d; it must be 1 to %d", o.parallel, mostParallel)
		}
		return nil
	})
}

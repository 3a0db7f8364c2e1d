package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
)

const usage = `audit writes the policies of the users of a m3ter organization.

For each user, it writes the policies that were added to the user. It leaves out the policies of the user's groups,
which count too. A deny wins over every allow.

Without -users, audit lists all users of the organization. With -users, it reads the ids of users from a file, one id
per line, and skips blank lines and lines that begin with #. It writes one line of JSON per user to standard output,
as soon as it has all policies of the user, so the lines have no particular order:

  {"user":"3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21","policies":[{"id":...,"name":...,"permissionPolicy":[...],...},...]}

If a user fails, audit prints a message on standard error, with the line number of the user in the file, and continues
with the other users. The user has no line in the output. If standard error is a terminal, its last line shows the
progress, unless you type the ids there.

audit fetches many users at once, and stays below m3ter's rate limit. If you interrupt it, the output contains only
whole lines. The exit status is 0 if every user succeeded, 2 if the flags are wrong, and 1 after any other error.

` + example.WhereItRuns + `
Examples:
  audit > audit.jsonl
  audit -users users.txt > audit.jsonl
  audit | jq -r 'select(any(.policies[]; .managedPolicy)) | .user'
`

const (
	defaultParallel = 50 // enough for 50 requests a second if a request takes up to a second
	maxParallel     = 1000
)

// options are the values of the flags.
type options struct {
	users    string // "" means all users
	parallel int
}

func parseFlags(args []string, help io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	flags.StringVar(&o.users, "users", "", "`file` with the ids of users, or - for standard input (default all users of the organization)")
	flags.IntVar(&o.parallel, "parallel", defaultParallel, fmt.Sprintf("how many `users` to fetch at once, 1 to %d", maxParallel))
	return o, example.ParseFlags(flags, args, usage, help, func() error {
		if o.parallel < 1 || o.parallel > maxParallel {
			return fmt.Errorf("-parallel is %d; it must be 1 to %d", o.parallel, maxParallel)
		}
		return nil
	})
}

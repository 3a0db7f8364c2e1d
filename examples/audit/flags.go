package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
)

const usage = `audit lists the policies of the users of a m3ter organization.

It lists the policies that were added to each user, but not the policies of the user's groups. Both kinds of policy
determine what the user may do. A deny in any policy overrides every allow.

Without -users, audit covers all users of the organization. With -users, it reads the ids of users from a file, one id
per line, and skips blank lines and lines that begin with #. For each user, audit writes one line of JSON to standard
output, as soon as it has all policies of the user. The lines are therefore in no particular order. A line looks like
this:

  {"user":"3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21","policies":[{"id":...,"name":...,"permissionPolicy":[...],...},...]}

If audit can't get the policies of a user, it writes a message to standard error, and continues with the other users.
With -users, the message contains the line number of the user in the file. audit writes no line of JSON for this user.
If audit can't obtain an access token, it stops.
If standard error is a terminal, audit shows its progress on the last line, unless you type the ids at the terminal.

audit fetches the policies of many users at once, and stays below m3ter's rate limit. If you interrupt audit, the
output consists of whole lines, unless a write to the output is blocked. The exit status is 0 if audit got the policies
of every user, 2 if the flags are wrong, and 1 after any other error.

` + example.WhichM3ter + `
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
	flags.IntVar(&o.parallel, "parallel", defaultParallel, fmt.Sprintf("number of `users` whose policies are fetched at once, 1 to %d", maxParallel))
	return o, example.ParseFlags(flags, args, usage, help, func() error {
		if o.parallel < 1 || o.parallel > maxParallel {
			return fmt.Errorf("-parallel is %d; it must be 1 to %d", o.parallel, maxParallel)
		}
		return nil
	})
}

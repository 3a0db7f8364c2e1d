// Command audit lists the policies of the users of a m3ter organization, one line of JSON per user.
//
//	go run ./examples/audit
//
// The program is an example of the use of package m3teraccess. users.go shows how to list users, although the client
// has no method for this. audit.go shows how to fetch the policies of many users at once, as fast as m3ter allows, and
// how to continue after an error for one user. Without M3TER_ variables in the environment, the program starts its own
// in-memory m3ter.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func main() {
	example.Main("audit", func(ctx context.Context) error {
		return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	})
}

// run is the program. It writes the lines of JSON to stdout, and messages to stderr.
func run(ctx context.Context, args []string, stdin, stdout, stderr *os.File) error {
	opts, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	client, closeService, err := example.NewClient(startFake, stderr, m3teraccess.WithUserAgent("audit"))
	if err != nil {
		return err
	}
	defer closeService()
	users, isTyped := allUsers(ctx, client), false
	if opts.users != "" {
		list := stdin
		if opts.users != "-" {
			if list, err = os.Open(opts.users); err != nil {
				return err
			}
			defer list.Close()
		}
		users, isTyped = readUsers(list), example.IsTerminal(list)
	}
	if isTyped {
		fmt.Fprintln(stderr, "Type the ids of users, one per line; end the list with Ctrl-D.")
	}
	a := &audit{
		client:   client,
		parallel: opts.parallel,
		display:  &display{output: stdout, messages: stderr, showsProgress: example.IsTerminal(stderr) && !isTyped},
	}
	return example.Interruptible(ctx, func() error { return a.run(ctx, users) })
}

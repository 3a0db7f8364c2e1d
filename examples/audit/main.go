// Command audit writes down the policies of the users of a m3ter organization, one user a line of JSON.
//
//	go run ./examples/audit
//
// It is a program to learn package m3teraccess from: how to list the users, for which the client has no method
// (users.go), how to ask for many at once, as fast as m3ter allows, and how one that fails does not keep the others
// from being done (audit.go). Without M3TER_ variables in the environment it runs against an in-memory m3ter of its
// own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func main() {
	example.Main("audit", func(ctx context.Context) error {
		return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	})
}

// run is the program. The lines go to stdout, what happens meanwhile to stderr.
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
	users, isTyped := everyUser(ctx, client), false
	if opts.users != "" {
		list := stdin
		if opts.users != "-" {
			if list, err = os.Open(opts.users); err != nil {
				return err
			}
			defer list.Close()
		}
		users, isTyped = eachUser(list), example.IsTerminal(list)
	}
	if isTyped {
		fmt.Fprintln(stderr, "Reading ids of users from standard input, one a line; Ctrl-D ends them.")
	}
	a := &audit{
		client:   client,
		parallel: opts.parallel,
		display:  &display{output: stdout, messages: stderr, showsProgress: example.IsTerminal(stderr) && !isTyped},
	}
	return endWith(ctx, func() error { return a.run(ctx, users) })
}

// endWith returns when f does, and soon after ctx has ended also where f does not: it may be writing to somebody who
// does not read.
func endWith(ctx context.Context, f func() error) error {
	const patience = 250 * time.Millisecond
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		return errors.New("interrupted, and nobody reads the output: its last line may be cut")
	}
}

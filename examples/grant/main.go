// Command grant opens m3ter's support access for a while, and revokes it when it is interrupted before that.
//
//	go run ./examples/grant
//
// It is a program to learn package m3teraccess from: how to change what others may change too (grant.go), and how to
// take a change back even if nobody knows whether it was done (revoke.go). Without M3TER_ variables in the environment
// it runs against an in-memory m3ter of its own.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func main() {
	example.Main("grant", func(ctx context.Context) error {
		return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	})
}

// run is the program. What it does it says on stderr; stdout has only the help.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	startFake := func() *m3tertest.Server { return m3tertest.NewServer() }
	client, closeService, err := example.NewClient(startFake, stderr, clientOptions...)
	if err != nil {
		return err
	}
	defer closeService()
	g := &grant{
		client: client,
		say:    func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) },
	}
	return g.run(ctx, opts)
}

// The client makes more attempts than usual: a short outage must not keep the access open.
var clientOptions = []m3teraccess.Option{
	m3teraccess.WithUserAgent("grant"),
	m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 10}),
}

// Command grant opens m3ter's support access for a limited time. An interrupt revokes the access early.
//
//	go run ./examples/grant
//
// The program is an example of the use of package m3teraccess. grant.go shows how to change an entity that others may
// change at the same time. revoke.go shows how to undo a change whose outcome is unknown. Without M3TER_ variables in
// the environment, the program starts its own in-memory m3ter.
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

// run is the program. It writes messages to stderr, and only the help to stdout.
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
		logf:   func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) },
	}
	return g.run(ctx, opts)
}

// The client makes more attempts than usual, because a short outage must not keep the access open.
var clientOptions = []m3teraccess.Option{
	m3teraccess.WithUserAgent("grant"),
	m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 10}),
}

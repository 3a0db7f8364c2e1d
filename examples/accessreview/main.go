// Command accessreview reviews the policies of a user of a m3ter organization.
//
//	go run ./examples/accessreview
//
// The program is an example of the use of package m3teraccess. review.go and support.go contain the calls, with one
// method for each step of the review. Without M3TER_ variables in the environment, the program starts its own in-memory
// m3ter.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func main() {
	example.Main("accessreview", func(ctx context.Context) error {
		return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	})
}

// run is the program. It writes the table to stdout, and messages to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	// NewClient sends no request. The first call obtains an access token.
	client, closeService, err := example.NewClient(startFake, stderr, m3teraccess.WithUserAgent("accessreview"))
	if err != nil {
		return err
	}
	defer closeService()
	r := &review{
		client: client,
		logf:   func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) },
	}
	if example.IsDemo() {
		r.meanwhile = r.secondWriter
	}
	return r.run(ctx, opts, stdout)
}

// Command accessreview reviews the policies of a user of a m3ter organization.
//
//	go run ./examples/accessreview
//
// It is a program to learn package m3teraccess from: review.go and support.go hold the calls, one step of the review a
// method. Without M3TER_ variables in the environment it runs against an in-memory m3ter of its own.
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

// run is the program. The table goes to stdout, what happens meanwhile to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	// Nothing is sent yet: the first call fetches a token.
	client, closeService, err := example.NewClient(startFake, stderr, m3teraccess.WithUserAgent("accessreview"))
	if err != nil {
		return err
	}
	defer closeService()
	r := &review{
		client: client,
		say:    func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) },
	}
	if example.IsDemo() {
		r.meanwhile = r.secondWriter
	}
	return r.run(ctx, opts, stdout)
}

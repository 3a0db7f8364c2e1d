// Command policies compares a YAML file of permission policies and their users with a m3ter organization, prints the
// differences as a plan, and with -apply makes the organization match the file.
//
//	go run -C examples/policies .
//
// An interrupted run does no damage: the next run continues from what is there. The command is a module of its own, so
// that its YAML library stays out of the go.mod of the client.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const usage = `policies compares a YAML file of permission policies and users with a m3ter organization, and prints
the differences as a plan, one line each:

  + policy "Meter readers"          -apply creates it
  + user 3b1f... "Meter readers"    -apply adds the policy to the user
  ? ...                             is only in m3ter, or has other statements there; nothing changes it

The exit status is 0 if m3ter matches the file at the end, 2 if any difference is left, even one that -apply
doesn't change, and 1 after an error; wrong flags are an error too. You can start an interrupted run again.

` + example.WhereItRuns + `
Examples:
  policies
        with a file of its own
  policies -file policies.yaml -apply
`

func main() {
	inStep := false
	example.Main("policies", func(ctx context.Context) (err error) {
		inStep, err = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
		if errors.As(err, new(example.UsageError)) {
			err = errors.New(err.Error()) // exit status 1: 2 says that m3ter differs from the file
		}
		return err
	})
	if !inStep {
		os.Exit(2)
	}
}

// run is the program. The plan goes to stdout, everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (inStep bool, err error) {
	flags := flag.NewFlagSet("policies", flag.ContinueOnError)
	path := flags.String("file", "", "`path` of the YAML file; required against the real service")
	isApply := flags.Bool("apply", false, "make the organization match the file")
	isJSON := flags.Bool("json", false, "print the plan as JSON, one object a line")
	if err := example.ParseFlags(flags, args, usage, stdout, func() error {
		if *path == "" && !example.IsDemo() {
			return errors.New("-file is missing: what should the organization match?")
		}
		return nil
	}); err != nil {
		return true, err // help is no difference
	}
	file, err := readFile(*path)
	if err != nil {
		return false, err
	}
	service := example.NewService(func() *m3tertest.Server {
		fake := m3tertest.NewServer()
		for i := range file {
			if i.User != "" {
				fake.AddUser(i.User)
			}
		}
		return fake
	}, stderr)
	defer service.Close()
	client, err := m3teraccess.NewClient(service.Options...)
	if err != nil {
		return false, example.EnvironmentError(err)
	}
	m := &m3ter{client, file, organization{}, example.Progress(stderr)}
	if err := m.readAll(ctx); err != nil {
		return false, err
	}
	plan := compare(file, m.found)
	for _, c := range plan {
		text := []byte(c.String())
		if *isJSON {
			text, _ = json.Marshal(c) // no error: it has strings only
		}
		if _, err := fmt.Fprintf(stdout, "%s\n", text); err != nil {
			return false, err
		}
	}
	if !*isApply {
		return len(plan) == 0, nil
	}
	return m.apply(ctx, plan)
}

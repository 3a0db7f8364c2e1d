// Command policies compares a YAML file of permission policies and their users with a m3ter organization, and prints
// the differences as a plan. With -apply, it creates the policies that are in the file but not in m3ter, and adds
// policies to users as the file says, except policies whose statements in m3ter differ from those in the file.
//
//	go run -C examples/policies .
//
// The command is a separate module, so that the go.mod of the client does not contain the libraries of the command.
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
  ? ...                             is only in m3ter, has other statements there, or is not added to a user because
                                    its statements differ; -apply never changes it

The exit status is 0 if m3ter matches the file at the end, 2 if any difference is left, even one that -apply
doesn't change, and 1 after an error, including wrong flags. After an interrupt, wait a minute before you
run the program again: m3ter may still create a policy that the program requested.

` + example.WhichM3ter + `
Examples:
  policies
        uses a built-in sample file
  policies -file policies.yaml -apply
`

func main() {
	example.UsageStatus = 1 // 2 says that m3ter differs from the file
	example.Main("policies", func(ctx context.Context) error {
		return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	})
}

// run is the program. It writes the plan and the help to stdout, and everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("policies", flag.ContinueOnError)
	path := flags.String("file", "", "`path` of the YAML file; required with the real m3ter")
	isApply := flags.Bool("apply", false, "create the policies that are in the file but not in m3ter, and add policies to users as the file says, except policies whose statements in m3ter differ from those in the file")
	isJSON := flags.Bool("json", false, "print the plan as JSON, one object per line")
	if err := example.ParseFlags(flags, args, usage, stdout, func() error {
		if *path == "" && !example.IsDemo() {
			return errors.New("-file is missing; give it the path of the YAML file")
		}
		return nil
	}); err != nil {
		return err
	}
	file, err := readFile(*path)
	if err != nil {
		return err
	}
	startFake := func() *m3tertest.Server { return fakeWith(file) }
	client, closeService, err := example.NewClient(startFake, stderr, m3teraccess.WithUserAgent("policies"))
	if err != nil {
		return err
	}
	defer closeService()
	m := &m3ter{client, organization{}, stderr}
	if err := m.readAll(ctx, file); err != nil {
		return err
	}
	plan, additions := compare(file, m.found)
	if err := example.Interruptible(ctx, func() error { return printPlan(stdout, plan, *isJSON) }); err != nil {
		return err
	}
	left := len(plan)
	if *isApply {
		left -= additions
		err = m.apply(ctx, plan[:additions])
	}
	if err == nil && left > 0 {
		return example.ExitStatus(2)
	}
	return err
}

func printPlan(stdout io.Writer, plan []change, isJSON bool) error {
	for _, c := range plan {
		line := []byte(c.String())
		if isJSON {
			line, _ = json.Marshal(c) // never fails, because a change consists of strings
		}
		if _, err := fmt.Fprintf(stdout, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// fakeWith returns an in-memory m3ter that has the users of the file.
func fakeWith(file organization) *m3tertest.Server {
	fake := m3tertest.NewServer()
	for i := range file {
		if i.User != "" {
			fake.AddUser(i.User)
		}
	}
	return fake
}

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
	"errors"
	"flag"
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
		inStep = inStep || errors.Is(err, flag.ErrHelp)
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
		return false, err
	}
	file, err := readFile(*path)
	if err != nil {
		return false, err
	}
	service := example.NewService(func() *m3tertest.Server { return startFake(file) }, stderr)
	defer service.Close()
	client, err := m3teraccess.NewClient(service.Options...)
	if err != nil {
		return false, example.EnvironmentError(err)
	}
	m := &m3ter{client, organization{}, terminal(stderr)}
	if err := m.readAll(ctx, file); err != nil {
		return false, err
	}
	plan := compare(file, m.found)
	if err := printPlan(stdout, plan, *isJSON); err != nil || !*isApply {
		return len(plan) == 0, err
	}
	adds := make(map[bool][]subject) // true: policies of users
	for _, c := range plan {
		if c.Op == "add" {
			adds[c.User != ""] = append(adds[c.User != ""], c.subject)
		}
	}
	add := func(ctx context.Context, s subject) error { return m.add(ctx, s, file[s].statements) }
	if err := m.each(ctx, 1, "policies", adds[false], add); err != nil {
		return false, err
	}
	return len(adds[false])+len(adds[true]) == len(plan), m.each(ctx, 16, "users", adds[true], add)
}

// startFake starts an in-memory m3ter with the users of the file.
func startFake(file organization) *m3tertest.Server {
	fake := m3tertest.NewServer()
	for s := range file {
		if s.User != "" {
			fake.AddUser(s.User)
		}
	}
	return fake
}

// terminal returns stderr if it is a terminal, and otherwise a writer that discards the progress.
func terminal(stderr io.Writer) io.Writer {
	if file, ok := stderr.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return file
		}
	}
	return io.Discard
}

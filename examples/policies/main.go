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
	"fmt"
	"io"
	"os"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func main() {
	outOfStep := false
	example.Main("policies", func(ctx context.Context) (err error) {
		outOfStep, err = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
		if errors.As(err, new(example.UsageError)) {
			err = errors.New(err.Error()) // exit status 1: 2 says that the organization is out of step
		}
		return err
	})
	if outOfStep {
		os.Exit(2)
	}
}

// run is the program. The plan goes to stdout, everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (outOfStep bool, err error) {
	flags, err := parseFlags(args, stdout)
	if err != nil {
		return false, err
	}
	file, err := readFile(flags.file)
	if err != nil {
		return false, err
	}
	service := example.NewService(func() *m3tertest.Server { return startFake(file) }, stderr)
	defer service.Close()
	client, err := m3teraccess.NewClient(service.Options...)
	if err != nil {
		return false, example.EnvironmentError(err)
	}
	m3ter, err := readOrganization(ctx, client, file, progressOn(stderr, "read"))
	if err != nil {
		return false, err
	}
	plan := compare(file, m3ter)
	if err := plan.print(stdout, flags.json); err != nil || !flags.apply {
		return len(plan) > 0, err
	}
	return plan.hasReports(), apply(ctx, client, plan, file, m3ter, progressOn(stderr, "applied"))
}

// startFake starts an in-memory m3ter with the users of the file.
func startFake(file *organization) *m3tertest.Server {
	fake := m3tertest.NewServer()
	for id := range file.Users {
		fake.AddUser(id)
	}
	return fake
}

// progressOn returns a function that keeps one line about the progress on a terminal, and clears it at the end. It does
// nothing elsewhere.
func progressOn(stderr io.Writer, what string) func(done, all int) {
	if file, ok := stderr.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return func(done, all int) {
				fmt.Fprint(file, "\r\x1b[K")
				if done < all {
					fmt.Fprintf(file, "%s %d of %d", what, done, all)
				}
			}
		}
	}
	return func(int, int) {}
}

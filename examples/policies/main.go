// Command policies compares a YAML file of permission policies and of their users with a m3ter organization, prints the
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
	"fmt"
	"io"
	"os"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func main() {
	outOfStep := false
	example.Main("policies", func(ctx context.Context) (err error) {
		outOfStep, err = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
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
	wanted, err := readFile(flags.file)
	if err != nil {
		return false, err
	}
	service := example.NewService(startFake, stderr)
	defer service.Close()
	client, err := m3teraccess.NewClient(service.Options...)
	if err != nil {
		return false, example.EnvironmentError(err)
	}
	found, err := readOrganization(ctx, client, wanted, progressOn(stderr, "read"))
	if err != nil {
		return false, err
	}
	plan := compare(wanted, found)
	if err := printPlan(stdout, plan, flags.json); err != nil || !flags.apply {
		return len(plan) > 0, err
	}
	if err := apply(ctx, client, plan, wanted, found, progressOn(stderr, "applied")); err != nil {
		return false, err
	}
	return hasReports(plan), nil
}

func printPlan(out io.Writer, plan []change, asJSON bool) error {
	for _, c := range plan {
		line := c.String()
		if asJSON {
			text, err := json.Marshal(c)
			if err != nil {
				return err
			}
			line = string(text)
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// progressOn returns a function that keeps one line about how much is done. The line is for a person at a terminal:
// there is none anywhere else.
func progressOn(stderr io.Writer, what string) func(done, all int) {
	file, ok := stderr.(*os.File)
	if !ok {
		return func(int, int) {}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(int, int) {}
	}
	return func(done, all int) {
		fmt.Fprintf(file, "\r%s %d of %d", what, done, all)
		if done == all {
			fmt.Fprint(file, "\r\x1b[K")
		}
	}
}

// plain returns an error without its type, which would make the exit status 2.
func plain(err error) error {
	if errors.As(err, new(example.UsageError)) {
		return errors.New(err.Error())
	}
	return err
}

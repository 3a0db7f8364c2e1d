package main

import (
	"errors"
	"flag"
	"io"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
)

const usage = `policies compares a YAML file of permission policies and users with a m3ter organization, and prints the differences as
a plan, a line each:

  + policy "Meter readers"          is created by -apply
  + user 3b1f... "Meter readers"    is added by -apply
  ? ...                             is only in m3ter, or has other statements there; nothing changes it

The exit status is 0 if m3ter matches the file at the end, 2 if it does not, and 1 after an error, which includes wrong
flags. A run that was interrupted can be started again.

` + example.WhereItRuns + `
Examples:
  policies
        with a file of its own
  policies -file policies.yaml -apply
`

type settings struct {
	file        string
	apply, json bool
}

func parseFlags(args []string, help io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("policies", flag.ContinueOnError)
	flags.StringVar(&s.file, "file", "", "`path` of the YAML file; required against the real service")
	flags.BoolVar(&s.apply, "apply", false, "make the organization match the file")
	flags.BoolVar(&s.json, "json", false, "print the plan as JSON, an object a line")
	err = example.ParseFlags(flags, args, usage, help, func() error {
		if s.file == "" && !example.IsDemo() {
			return errors.New("-file is missing: what should the organization match?")
		}
		return nil
	})
	return s, err
}

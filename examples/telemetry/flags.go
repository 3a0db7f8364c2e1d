package main

import (
	"errors"
	"flag"
	"io"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
)

const usage = `telemetry lists the policies of a user of a m3ter organization, and prints the spans and metrics of the requests.

telemetry writes the spans and metrics to standard output, one per line, and the names of the policies to standard
error. It changes nothing in m3ter. The exit status is 0 on success, 1 after an error, and 2 if the flags are wrong.

` + example.WhichM3ter + `
Examples:
  telemetry
        lists the policies of a demo user; the first attempt fails with status 503, so that you see a second attempt
  telemetry -user 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21
`

func parseFlags(args []string, help io.Writer) (user string, err error) {
	flags := flag.NewFlagSet("telemetry", flag.ContinueOnError)
	flags.StringVar(&user, "user", "", "`id` of the user; required with the real m3ter")
	err = example.ParseFlags(flags, args, usage, help, func() error {
		if user == "" && example.IsDemo() {
			user = demoUser
		}
		if user == "" {
			return errors.New("-user is missing; give it the id of the user")
		}
		return nil
	})
	return user, err
}

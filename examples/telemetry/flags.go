package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

const usage = `telemetry lists the policies of a user of a m3ter organization, and prints the spans and metrics of the requests that
it took: these go to standard output, a line each, the names of the policies to standard error. The exit status is 0,
or 1 after an error.

Where it runs:
  No M3TER_ variable is set
        Against an in-memory m3ter that it starts by itself, with a user of its own. The first list is answered with
        503, so that a second attempt is seen.
  M3TER_API_KEY and M3TER_API_SECRET, or M3TER_API_TOKEN; M3TER_ORG_ID
        Against the real service, or the one that M3TER_BASE_URL names. Nothing is changed.

Flags:
`

// parseFlags prints the help, when it is asked for, and returns flag.ErrHelp.
func parseFlags(args []string, help io.Writer) (user string, err error) {
	flags := flag.NewFlagSet("telemetry", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is reported once, by main
	flags.StringVar(&user, "user", "", "`id` of the user; required against the real service")
	err = flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(help, usage)
		flags.SetOutput(help)
		flags.PrintDefaults()
		return "", err
	case err != nil:
		return "", fmt.Errorf("%w; see -h", err)
	case flags.NArg() > 0:
		return "", fmt.Errorf("unexpected argument %q; see -h", flags.Arg(0))
	}
	return user, nil
}

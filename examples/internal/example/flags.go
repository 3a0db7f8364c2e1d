package example

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// WhereItRuns is a part of every example's help.
const WhereItRuns = `Where it runs:
  No M3TER_ variable is set
        Against an in-memory m3ter that it starts by itself.
  M3TER_API_KEY, M3TER_API_SECRET, M3TER_ORG_ID
        Against the real service, or the one that M3TER_BASE_URL names.
  M3TER_API_TOKEN, M3TER_ORG_ID
        The same, with a token that you have already.
  Anything between, such as M3TER_API_TOKEN or M3TER_BASE_URL alone, is an error that names what is missing. An empty
  variable counts as not set.
`

// ParseFlags parses args, which may hold flags only. When they ask for help, it prints the usage and the flags, and
// returns flag.ErrHelp.
func ParseFlags(flags *flag.FlagSet, args []string, usage string, help io.Writer) error {
	flags.SetOutput(io.Discard) // an error is reported once, by Main
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return cmp.Or(printHelp(flags, usage, help), err)
	case err != nil:
		return fmt.Errorf("%w; see -h", err)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; see -h", flags.Arg(0))
	}
	return nil
}

// printHelp returns an error when the help can't be written.
func printHelp(flags *flag.FlagSet, usage string, help io.Writer) error {
	var text bytes.Buffer
	fmt.Fprint(&text, usage, "\nFlags:\n")
	flags.SetOutput(&text)
	flags.PrintDefaults()
	_, err := help.Write(text.Bytes())
	return err
}

// CommaList is for flag.Func: it sets values to those of a flag that has a comma between two.
func CommaList[S ~string](values *[]S) func(string) error {
	return func(s string) error {
		*values = nil
		for value := range strings.SplitSeq(s, ",") {
			if value = strings.TrimSpace(value); value == "" {
				return errors.New("one of the values is empty")
			}
			*values = append(*values, S(value))
		}
		return nil
	}
}

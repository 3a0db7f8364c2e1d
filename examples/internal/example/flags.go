package example

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// WhereItRuns is a part of every example's help.
const WhereItRuns = `Where it runs:
  No M3TER_ variable is set
        Against an in-memory m3ter that it starts by itself.
  M3TER_API_KEY, M3TER_API_SECRET, M3TER_ORG_ID
        Against the real service, or the one that M3TER_BASE_URL names.
  M3TER_API_TOKEN, M3TER_ORG_ID
        The same, with an access token that you have already.
  Anything between, such as M3TER_API_TOKEN or M3TER_BASE_URL alone, is an error that names what is missing. An empty
  variable counts as not set.
`

// A UsageError says what is wrong with the arguments of an example.
type UsageError struct{ error }

// ParseFlags parses args, which may hold flags only, and has check look at what they say. When they ask for help, it
// prints the usage and the flags, and returns flag.ErrHelp. What is wrong with the flags is a UsageError.
func ParseFlags(flags *flag.FlagSet, args []string, usage string, help io.Writer, check func() error) error {
	flags.SetOutput(io.Discard) // an error is reported once, by Main
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return cmp.Or(printHelp(flags, usage, help), err)
	case err != nil:
		return UsageError{fmt.Errorf("%w; see -h", err)}
	case flags.NArg() > 0:
		return UsageError{fmt.Errorf("unexpected argument %q; see -h", flags.Arg(0))}
	}
	if err := cmp.Or(checkGiven(flags), check()); err != nil {
		return UsageError{err}
	}
	return nil
}

// checkGiven refuses an empty or zero flag: it may come from a shell variable that is not set. The function of a
// flag.Func checks its own value.
func checkGiven(flags *flag.FlagSet) (err error) {
	flags.Visit(func(f *flag.Flag) {
		value, known := f.Value.(flag.Getter)
		if !known || err != nil {
			return
		}
		switch value.Get() {
		case "":
			err = fmt.Errorf("-%s is empty; give it a value, or leave it out", f.Name)
		case 0, time.Duration(0):
			err = fmt.Errorf("-%s is 0; it must be above zero", f.Name)
		}
	})
	return err
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

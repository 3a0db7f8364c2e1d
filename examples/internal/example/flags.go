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

// WhichM3ter is a part of the help text of each example.
const WhichM3ter = `Which m3ter the program uses:
  No M3TER_ variable is set
        The program starts an in-memory m3ter, and uses it.
  M3TER_API_KEY, M3TER_API_SECRET, M3TER_ORG_ID
        The program uses the real m3ter, or the server at M3TER_BASE_URL.
  M3TER_API_TOKEN, M3TER_ORG_ID
        The program uses the real m3ter, or the server at M3TER_BASE_URL, with an access token that you already have.
  If some of these variables are set, but neither of the two groups is complete, for example if only M3TER_API_TOKEN is
  set, the program fails and names the missing variables. It also fails if only one of M3TER_API_KEY and
  M3TER_API_SECRET is set. If both groups are complete, the program uses the first group. An empty variable counts as
  not set. Elsewhere in this help, "the real m3ter" includes a server at M3TER_BASE_URL, and "the in-memory m3ter" is
  the one that the program starts.
`

// A UsageError is an error in the arguments of an example.
type UsageError struct{ error }

// ParseFlags parses args, which must contain only flags, and calls check to check their values. If args ask for help,
// ParseFlags writes the usage and the flags to help, and returns flag.ErrHelp, or the error of the write. If args are
// wrong, it returns a UsageError.
func ParseFlags(flags *flag.FlagSet, args []string, usage string, help io.Writer, check func() error) error {
	flags.SetOutput(io.Discard) // Main reports the error
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

// checkGiven refuses an empty or zero value of a flag that the user gave. An empty value may come from a shell variable
// that is not set, and a zero value would count as a missing flag. checkGiven skips a flag defined with flag.Func: the
// function of that flag checks the value.
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

// printHelp writes the usage and the flags to help.
func printHelp(flags *flag.FlagSet, usage string, help io.Writer) error {
	var text bytes.Buffer
	fmt.Fprint(&text, usage, "\nFlags:\n")
	flags.SetOutput(&text)
	flags.PrintDefaults()
	_, err := help.Write(text.Bytes())
	return err
}

// CommaList returns a function for flag.Func that stores comma-separated values in values.
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

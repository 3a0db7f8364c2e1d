package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// settings are the values of the flags. If a flag is not given, its field is zero, except addr, which has a default.
type settings struct {
	addr          string
	rate          int
	tokenLifetime time.Duration
	latency       time.Duration
	untilEndOfDay bool
}

// A usageError describes a problem with the arguments.
type usageError struct{ error }

func parse(args []string, usage io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("m3tertest", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is reported once, by main
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 picks a free port")
	flags.IntVar(&s.rate, "rate", 0, "accept at most this many `requests` per second, and respond to all others with 429; token requests don't count (default no limit)")
	flags.DurationVar(&s.tokenLifetime, "token-lifetime", 0, "`duration` for which the server accepts an access token, such as 90s (default 5h)")
	flags.DurationVar(&s.latency, "latency", 0, "`duration` for which the server waits before it carries out a request, such as 200ms (default none)")
	flags.BoolVar(&s.untilEndOfDay, "until-end-of-day", false, "refuse a support request whose end time is before the start of the next day (UTC)")
	err = flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return s, cmp.Or(printHelp(flags, usage), err)
	case err != nil:
		return s, usageError{fmt.Errorf("%w; see -h", err)}
	case flags.NArg() > 0:
		return s, usageError{fmt.Errorf("unexpected argument %q; see -h", flags.Arg(0))}
	}
	if err := checkGiven(flags); err != nil {
		return s, usageError{err}
	}
	return s, nil
}

// checkGiven refuses an address that is empty, for example because a shell variable is not set, and a number or a
// duration that is not above 0.
func checkGiven(flags *flag.FlagSet) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if err != nil {
			return
		}
		switch given := f.Value.(flag.Getter).Get().(type) {
		case string:
			if given == "" {
				err = fmt.Errorf("-%s is empty; give it an address, such as 127.0.0.1:8080", f.Name)
			}
		case int:
			err = checkPositive(f, given)
		case time.Duration:
			err = checkPositive(f, given)
		}
	})
	return err
}

func checkPositive[T int | time.Duration](f *flag.Flag, given T) error {
	if given > 0 {
		return nil
	}
	return fmt.Errorf("-%s is %v; it must be above zero", f.Name, given)
}

func printHelp(flags *flag.FlagSet, w io.Writer) error {
	var text bytes.Buffer
	fmt.Fprintln(&text, "m3tertest serves an in-memory m3ter until you press Ctrl-C.\n"+
		"It prints export commands for a client's environment variables, and for M3TERTEST_ variables that identify\n"+
		"a user, a resource group and an item. It logs to standard error each request that it responds to.\n\nFlags:")
	flags.SetOutput(&text)
	flags.PrintDefaults()
	_, err := w.Write(text.Bytes())
	return err
}

// newFake makes an empty in-memory fake.
func (s settings) newFake() *m3tertest.Server {
	options := []m3tertest.Option{m3tertest.InMemory()}
	if s.rate > 0 {
		options = append(options, m3tertest.WithRateLimit(s.rate))
	}
	if s.tokenLifetime > 0 {
		options = append(options, m3tertest.WithTokenLifetime(s.tokenLifetime))
	}
	if s.untilEndOfDay {
		options = append(options, m3tertest.WithSupportUntilEndOfDay())
	}
	fake := m3tertest.NewServer(options...)
	for _, operation := range []string{"", "Token"} { // "" means all operations except Token
		fake.Inject(m3tertest.Fault{Operation: operation, Delay: s.latency})
	}
	return fake
}

// Package example contains the common parts of the examples. It runs a program, cancels the program's context after an
// interrupt, parses the program's flags, and selects the m3ter that the program uses.
package example

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// An ExitStatus is an error that ends an example with this status. Main does not print it.
type ExitStatus int

func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// UsageStatus is the exit status for a UsageError.
var UsageStatus = 2

// Main runs an example. The context is canceled if the user presses Ctrl-C, runs kill, or closes the terminal. Main
// prints an error on one line, and exits with UsageStatus after a UsageError, and with status 1 after any other error.
// After an ExitStatus, Main prints nothing, and exits with that status. flag.ErrHelp does not count as an error.
func Main(name string, run func(context.Context) error) {
	// With SIGPIPE ignored, a write returns an error if the reader of the output has exited. Otherwise SIGPIPE would
	// end the example in the middle of its work.
	signal.Ignore(syscall.SIGPIPE)
	interrupts := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup makes the program ignore SIGHUP
		interrupts = append(interrupts, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), interrupts...)
	err := run(ctx)
	stop()
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	var status ExitStatus
	if errors.As(err, &status) {
		os.Exit(int(status))
	}
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted: %w", err)
	}
	// An error of NewClient may have several lines.
	fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "; "))
	if errors.As(err, new(UsageError)) {
		os.Exit(UsageStatus)
	}
	os.Exit(1)
}

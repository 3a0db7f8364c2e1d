// Package example holds the code that the examples share. It starts and interrupts an example, reads its flags, and
// chooses the m3ter that it runs against.
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

// An ExitStatus ends an example with this status, and without a message.
type ExitStatus int

func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// UsageStatus is the exit status after a UsageError.
var UsageStatus = 2

// Main runs an example. The context of run ends when a person presses Ctrl-C, kills the process or closes the terminal.
// Main prints an error in one line, and exits with status 1, or with UsageStatus after a UsageError. An ExitStatus is
// not printed, and flag.ErrHelp is no error.
func Main(name string, run func(context.Context) error) {
	// Writing to a closed pipe must fail. The signal would end the example in the middle of its work.
	signal.Ignore(syscall.SIGPIPE)
	interrupts := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
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

// Package example is what the examples have in common: how they are started and interrupted, how they read their flags,
// and which m3ter they run against.
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

// Main runs an example. Its context ends when it is interrupted: by Ctrl-C, by kill, or because its terminal is closed.
// An error is printed as one line, and makes the exit status 1, a UsageError 2; flag.ErrHelp is none.
func Main(name string, run func(context.Context) error) {
	// When nobody reads the output any more, writing it fails. The signal would end the example in the midst of its work.
	signal.Ignore(syscall.SIGPIPE)
	interrupts := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		interrupts = append(interrupts, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), interrupts...)
	err := run(ctx)
	stop()
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted: %w", err)
	}
	// One line, though an error of NewClient may have several.
	fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "; "))
	if errors.As(err, new(UsageError)) {
		os.Exit(2)
	}
	os.Exit(1)
}

// Command telemetry lists the policies of a user, and prints the traces and metrics of the requests that it took.
//
//	go run -C examples/telemetry .
//
// It shows how OpenTelemetry's otelhttp goes below package m3teraccess: newClient is all of it. It is a module of its
// own, so that nothing of OpenTelemetry reaches the go.mod of the client. Other examples don't belong here.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// newClient makes a client whose requests are traced and measured by the providers that otel has.
func newClient(opts ...m3teraccess.Option) (*m3teraccess.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // all requests go to one host
	instrumented := &http.Client{Transport: otelhttp.NewTransport(transport)}
	return m3teraccess.NewClient(append(opts, m3teraccess.WithHTTPClient(instrumented))...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		// One line, though an error of NewClient may have several.
		fmt.Fprintln(os.Stderr, "telemetry:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// run is the program. Spans and metrics go to stdout, what happens meanwhile to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	user, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	var opts []m3teraccess.Option
	if isDemo() {
		fake := startFake()
		defer fake.Close()
		fmt.Fprintln(stderr, "No M3TER_ variable is set: this runs against an in-memory m3ter, not the real service.")
		opts, user = optionsOf(fake), cmp.Or(user, demoUser)
	}
	if user == "" {
		return errors.New("-user is missing: whose policies are to be listed?")
	}
	writeMetrics := startTelemetry(stdout)
	client, err := newClient(opts...)
	if err != nil {
		return fmt.Errorf("the M3TER_ variables: %w", err)
	}
	return errors.Join(list(ctx, client, user, stderr), writeMetrics())
}

// list has a span of its own, below which those of its requests stand.
func list(ctx context.Context, client *m3teraccess.Client, user string, out io.Writer) error {
	ctx, span := otel.Tracer("telemetry").Start(ctx, "list policies")
	defer span.End()
	for policy, err := range client.UserPermissions(ctx, user) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%q\n", policy.Name)
	}
	return nil
}

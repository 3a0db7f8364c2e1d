// Command telemetry lists the policies of a user, and prints the traces and metrics of the requests.
//
//	go run -C examples/telemetry .
//
// The program shows how to use OpenTelemetry's otelhttp with package m3teraccess. The function newHTTPClient contains
// the whole setup that the client needs for this. The program is a separate module, so that the go.mod of the client
// does not contain OpenTelemetry. Don't add other examples here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// newHTTPClient returns an HTTP client that traces and measures its requests with OpenTelemetry's global providers.
func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // all requests go to one host
	transport.IdleConnTimeout = 45 * time.Second           // many gateways close an idle connection after 60 seconds
	transport.HTTP2 = &http.HTTP2Config{                   // closes connections to a server that is not responding
		SendPingTimeout: 4 * time.Second,
		PingTimeout:     3 * time.Second,
	}
	return &http.Client{Transport: otelhttp.NewTransport(transport)}
}

func main() {
	example.Main("telemetry", func(ctx context.Context) error {
		return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	})
}

// run is the program. It writes spans, metrics and the help to stdout, and everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	user, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	finish := startTelemetry(stdout)
	client, closeService, err := example.NewClient(startFake, stderr, m3teraccess.WithHTTPClient(newHTTPClient()))
	if err != nil {
		return err
	}
	defer closeService()
	return errors.Join(list(ctx, client, user, stderr), finish())
}

// list prints the names of a user's policies. The span of list is the parent of the spans of the attempts.
func list(ctx context.Context, client *m3teraccess.Client, user string, out io.Writer) error {
	ctx, span := otel.Tracer("telemetry").Start(ctx, "list policies")
	defer span.End()
	for policy, err := range client.UserPermissions(ctx, user) {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%q\n", policy.Name); err != nil {
			return err
		}
	}
	return nil
}

// Command m3tertest serves an in-memory m3ter, so that you can try a client against it. The command runs until you
// press Ctrl-C.
//
//	go run ./wrapper/m3tertest/cmd/m3tertest -addr 127.0.0.1:8080
//
// The flags -rate, -token-lifetime, -latency and -until-end-of-day make the server stricter or slower; -h describes the
// flags.
//
// The command prints export commands for a client's environment variables, and for M3TERTEST_ variables that identify a
// user, a resource group and an item. It logs to standard error each request that it responds to. The printed
// credentials and ids are the same in each run. At the start of each run, the state contains what the examples of
// api/openapi.yaml need: without -until-end-of-day, all of them succeed if each is sent once, in the order of the file.
// The command keeps all requests in memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "m3tertest:", err)
		os.Exit(exitStatus(err))
	}
}

func exitStatus(err error) int {
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	settings, err := parse(args, stdout)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", settings.addr)
	if err != nil {
		return err
	}
	fake := settings.newFake()
	defer fake.Close()
	seed(fake)
	fake.URL = baseURL(listener.Addr())
	if err := printExports(stdout, fake); err != nil {
		listener.Close()
		return err
	}
	server := &http.Server{
		Handler:           logged(fake, stderr),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // so that a delay ends when ctx is done
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close() // a client is still sending a request
}

// baseURL returns the URL of a server that listens on addr. If the server listens on all interfaces, the host is
// localhost, which a client can dial, and which counts as loopback.
func baseURL(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + addr.String()
}

// The fake is seeded with the ids in the examples of api/openapi.yaml. The ids and the credentials are fixed, so that
// variables that were set in a shell stay valid after a restart of the command.
const (
	organizationID = "1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
	apiKey         = "m3tertest-key"
	apiSecret      = "m3tertest-secret"
	userID         = "3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21"
	policyID       = "0c7a1f5e-54f0-4a43-8f1d-2b8f3d0f9a01"
	groupType      = "meter"
	groupID        = "b8f9d1c2-3f7e-4c55-9a2e-1d6f4c0b7e31"
	itemID         = "06f6b50c-a868-4ca6-XXXX-448e507d5248"
)

func seed(fake *m3tertest.Server) {
	fake.OrganizationID, fake.APIKey, fake.APISecret = organizationID, apiKey, apiSecret
	fake.AddUser(userID)
	fake.AddPermissionPolicy(gen.PermissionPolicy{ID: policyID, Name: "Meter editors", PermissionPolicy: []gen.Statement{{
		Effect: gen.EffectAllow, Action: []gen.Action{"config:create", "config:retrieve", "config:update"}, Resource: []string{"config:meter/*"},
	}}})
	fake.AddResourceGroup(groupType, gen.ResourceGroup{ID: groupID, Version: 4, Name: "Sample meters"},
		m3tertest.Item{TargetID: itemID, TargetType: gen.TargetTypeItem})
}

func printExports(w io.Writer, fake *m3tertest.Server) error {
	for _, variable := range append(fake.Env(),
		"M3TERTEST_USER_ID="+userID,
		"M3TERTEST_GROUP_TYPE="+groupType,
		"M3TERTEST_GROUP_ID="+groupID,
		"M3TERTEST_ITEM_ID="+itemID,
	) {
		if _, err := fmt.Fprintf(w, "export %s\n", variable); err != nil {
			return err
		}
	}
	return nil
}

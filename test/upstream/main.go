// Command upstream reports whether api/openapi.yaml agrees with the OpenAPI document that m3ter publishes:
//
//	go run ./test/upstream PUBLISHED
//
// It runs from the root of the repository; -h says what is compared.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

const (
	contractFile   = "api/openapi.yaml"
	departuresFile = "api/departures.yaml"
)

const usage = `upstream tells whether api/openapi.yaml is in step with the OpenAPI document that m3ter publishes.

  go run ./test/upstream PUBLISHED

PUBLISHED is a file or an http(s) URL, JSON or YAML. Run it from the root of the repository.

Of both documents, the operations that api/openapi.yaml has are compared: servers, parameters, bodies, answers, schemas
and security, with $ref followed and allOf merged. Prose, examples, extensions and the names of components are not. What
differs on purpose stands in api/departures.yaml; a difference that isn't listed there is reported, and so is a listed
one that is no longer there. Both documents are OpenAPI 3.0.

Exit status: 0 in step; 1 not in step, which standard output then tells, or an error, which standard error tells; 2 wrong
arguments. (go run itself ends with 1 instead of 2.)
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run runs the program and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if slices.ContainsFunc(args, func(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }) {
		if _, err := io.WriteString(stdout, usage); err != nil {
			fmt.Fprintln(stderr, "upstream:", err)
			return 1
		}
		return 0
	}
	if len(args) != 1 {
		fmt.Fprintf(stderr, "upstream: got %d arguments, not one, the published document; -h tells more\n", len(args))
		return 2
	}
	if args[0] == "" {
		fmt.Fprintln(stderr, "upstream: PUBLISHED is empty; -h tells more")
		return 2
	}
	found, err := check(ctx, args[0])
	if err != nil {
		fmt.Fprintln(stderr, "upstream:", err)
		return 1
	}
	if _, err := io.WriteString(stdout, report(found)); err != nil {
		fmt.Fprintln(stderr, "upstream:", err)
		return 1
	}
	return min(1, len(found))
}

func report(found []finding) string {
	if len(found) == 0 {
		return fmt.Sprintln("in step: what differs is listed in", departuresFile)
	}
	var text strings.Builder
	for _, f := range found {
		fmt.Fprintln(&text, f)
	}
	fmt.Fprintln(&text, "not in step, places to look at:", len(found))
	return text.String()
}

// check compares the documents operation by operation.
func check(ctx context.Context, source string) ([]finding, error) {
	contract, err := loadDocument(ctx, contractFile, contractFile)
	if err != nil {
		return nil, err
	}
	operations, err := contract.operations()
	if err != nil {
		return nil, err
	}
	departures, err := loadDepartures(ctx, operations)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", departuresFile, err)
	}
	published, err := loadDocument(ctx, "the published document", source)
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, op := range operations {
		more, err := compare(op, published, contract, departures.of(op))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op.id, err)
		}
		found = append(found, more...)
	}
	return found, nil
}

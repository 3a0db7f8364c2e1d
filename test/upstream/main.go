// Command upstream reports whether api/openapi.yaml agrees with the OpenAPI document that m3ter publishes. The flag -h
// prints its usage.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const (
	contractFile   = "api/openapi.yaml"
	departuresFile = "api/departures.yaml"
)

const usage = `upstream reports whether api/openapi.yaml agrees with the OpenAPI document that m3ter publishes.

  go run ./test/upstream PUBLISHED

PUBLISHED is the file or the http(s) URL of m3ter's document, in JSON or YAML. Run upstream from the root of the
repository.

upstream compares the operations of api/openapi.yaml in both documents: servers, parameters, request bodies, responses,
schemas and security. It follows $ref and merges allOf. It ignores prose, examples, extensions and the names of
components. api/departures.yaml lists the deliberate differences; upstream reports every other difference, and every
listed one that no longer exists. Both documents must be OpenAPI 3.0.

Exit status: 0 if the documents differ exactly as api/departures.yaml says; 1 if they do not (standard output says
where) or after an error (standard error says which); 2 for wrong arguments. (go run itself ends with 1 instead of 2.)
`

func main() {
	status, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
	}
	os.Exit(status)
}

// run runs the program and returns the exit status.
func run(args []string, stdout io.Writer) (status int, err error) {
	output := usage
	switch {
	case slices.ContainsFunc(args, func(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }):
	case len(args) != 1 || args[0] == "":
		return 2, errors.New("want one argument, the file or URL of the published document; see -h")
	default:
		found, err := check(args[0])
		if err != nil {
			return 1, err
		}
		output, status = report(found), min(1, len(found))
	}
	if _, err := io.WriteString(stdout, output); err != nil {
		return 1, err
	}
	return status, nil
}

func report(found []finding) string {
	if len(found) == 0 {
		return fmt.Sprintln("the documents agree, except for the differences listed in", departuresFile)
	}
	var text strings.Builder
	for _, f := range found {
		fmt.Fprintln(&text, f)
	}
	fmt.Fprintln(&text, "the documents do not agree; places to look at:", len(found))
	return text.String()
}

// check compares the documents operation by operation.
func check(source string) ([]finding, error) {
	contract, err := loadDocument(contractFile, contractFile)
	if err != nil {
		return nil, err
	}
	operations, err := contract.operations()
	if err != nil {
		return nil, err
	}
	departures, err := loadDepartures(operations)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", departuresFile, err)
	}
	published, err := loadDocument("the published document", source)
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

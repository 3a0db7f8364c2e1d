// Command accessreview reviews what a user of a m3ter organization may do.
//
//	go run ./examples/accessreview
//
// It is a program to learn package m3teraccess from. review.go holds the calls, one step of the review a method; the
// other files are what any command needs. Without M3TER_ variables in the environment it runs against an in-memory
// m3ter of its own.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/oauth2"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		// One line, though an error of NewClient may have several.
		fmt.Fprintln(os.Stderr, "accessreview:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// run is the program. The table goes to stdout, what happens meanwhile to stderr.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	opts, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	env := readEnvironment(getenv)
	demo := env == (environment{})
	if demo {
		opts.fillForDemo()
	} else if err := env.check(); err != nil {
		return err
	}
	if err := opts.check(); err != nil {
		return err
	}

	r := &review{say: func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }}
	if demo {
		fake := startFake()
		defer fake.Close()
		r.say("No M3TER_ variable is set: this runs against an in-memory m3ter at %s, not the real service.", fake.URL)
		r.meanwhile = r.secondWriter
		env = environment{key: fake.APIKey, secret: fake.APISecret, orgID: fake.OrganizationID, baseURL: fake.URL}
	}
	env.baseURL = cmp.Or(env.baseURL, "https://api.m3ter.com")
	r.baseURL, r.orgID = env.baseURL, env.orgID
	if r.client, err = env.connect(); err != nil {
		return fmt.Errorf("the M3TER_ variables: %w", err)
	}
	return r.run(ctx, opts, stdout)
}

// An environment is what the M3TER_ variables say. NewClient would read them by itself; here they are also needed to
// choose between the real service and the fake, and for the URLs that Client.Do takes.
type environment struct{ key, secret, token, orgID, baseURL string }

func readEnvironment(getenv func(string) string) environment {
	return environment{
		key:     getenv("M3TER_API_KEY"),
		secret:  getenv("M3TER_API_SECRET"),
		token:   getenv("M3TER_API_TOKEN"),
		orgID:   getenv("M3TER_ORG_ID"),
		baseURL: getenv("M3TER_BASE_URL"),
	}
}

// check names what is missing. Whoever sets one variable means the real service, and is never given the fake.
func (e environment) check() error {
	var missing []string
	if e.token == "" || e.key != "" || e.secret != "" {
		if e.key == "" {
			missing = append(missing, "M3TER_API_KEY")
		}
		if e.secret == "" {
			missing = append(missing, "M3TER_API_SECRET")
		}
	}
	if e.orgID == "" {
		missing = append(missing, "M3TER_ORG_ID")
	}
	if len(missing) > 0 {
		return fmt.Errorf("not set: %s (to run against an in-memory m3ter instead, unset all M3TER_ variables)", strings.Join(missing, ", "))
	}
	return nil
}

// connect makes the client. Nothing is sent yet: the first call fetches a token.
func (e environment) connect() (*m3teraccess.Client, error) {
	opts := []m3teraccess.Option{
		m3teraccess.WithOrganization(e.orgID),
		m3teraccess.WithBaseURL(e.baseURL),
		m3teraccess.WithUserAgent("accessreview"),
	}
	if e.key != "" {
		opts = append(opts, m3teraccess.WithCredentials(e.key, e.secret))
	} else {
		opts = append(opts, m3teraccess.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: e.token})))
	}
	return m3teraccess.NewClient(opts...)
}

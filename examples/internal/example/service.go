package example

import (
	"fmt"
	"io"
	"os"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// IsDemo reports whether no M3TER_ variable is set. A user who sets one of the variables wants a particular m3ter, and
// never gets a demo.
func IsDemo() bool {
	for _, name := range []string{"M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_API_TOKEN", "M3TER_ORG_ID", "M3TER_BASE_URL"} {
		if os.Getenv(name) != "" {
			return false
		}
	}
	return true
}

// NewClient returns a client for the m3ter that the M3TER_ variables select. In a demo, it calls startFake, and writes
// the URL of the in-memory m3ter to stderr. The caller must call closeService at the end.
func NewClient(startFake func() *m3tertest.Server, stderr io.Writer, opts ...m3teraccess.Option) (client *m3teraccess.Client, closeService func(), err error) {
	closeService = func() {}
	if IsDemo() {
		fake := startFake()
		fmt.Fprintf(stderr, "No M3TER_ variable is set, so the program uses an in-memory m3ter at %s, not the real m3ter.\n", fake.URL)
		opts, closeService = append(InMemory(fake), opts...), fake.Close
	}
	client, err = m3teraccess.NewClient(opts...)
	if err != nil {
		closeService()
		return nil, nil, fmt.Errorf("%w (to use an in-memory m3ter instead, unset all M3TER_ variables)", err)
	}
	return client, closeService, nil
}

// InMemory returns the options of a client that uses a fake.
func InMemory(fake *m3tertest.Server) []m3teraccess.Option {
	return []m3teraccess.Option{
		m3teraccess.WithBaseURL(fake.URL),
		m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
		m3teraccess.WithOrganization(fake.OrganizationID),
	}
}

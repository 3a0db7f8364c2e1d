package example

import (
	"fmt"
	"io"
	"os"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A Service is the m3ter that an example runs against.
type Service struct {
	Options []m3teraccess.Option // for NewClient; empty for the real m3ter, which the M3TER_ variables select
	Close   func()
}

// IsDemo reports whether no M3TER_ variable is set. A user who sets a variable wants the real m3ter, and never gets a
// demo.
func IsDemo() bool {
	for _, name := range []string{"M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_API_TOKEN", "M3TER_ORG_ID", "M3TER_BASE_URL"} {
		if os.Getenv(name) != "" {
			return false
		}
	}
	return true
}

// NewService returns the m3ter that the M3TER_ variables select. In a demo, it calls startFake, and writes the URL of
// the in-memory m3ter to stderr.
func NewService(startFake func() *m3tertest.Server, stderr io.Writer) *Service {
	if !IsDemo() {
		return &Service{Close: func() {}}
	}
	fake := startFake()
	fmt.Fprintf(stderr, "No M3TER_ variable is set: the program uses an in-memory m3ter at %s, not the real m3ter.\n", fake.URL)
	return InMemory(fake)
}

// InMemory returns a Service for a fake.
func InMemory(fake *m3tertest.Server) *Service {
	return &Service{
		Options: []m3teraccess.Option{
			m3teraccess.WithBaseURL(fake.URL),
			m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
			m3teraccess.WithOrganization(fake.OrganizationID),
		},
		Close: fake.Close,
	}
}

// EnvironmentError adds a hint to an error of NewClient, for the user who set the M3TER_ variables.
func EnvironmentError(err error) error {
	return fmt.Errorf("%w (to use an in-memory m3ter instead, unset all M3TER_ variables)", err)
}

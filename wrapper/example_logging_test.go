package m3teraccess_test

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// At Info the client logs new access tokens and retries. At Warn it logs that it gives up, and at Debug each attempt.
func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			switch attr.Key {
			case slog.TimeKey, "duration", "wait": // they differ from run to run
				return slog.Attr{}
			}
			return attr
		},
	}))
	fake, client := newExample(m3teraccess.WithLogger(logger), m3teraccess.WithRetry(m3teraccess.RetryPolicy{MinBackoff: time.Millisecond}))
	defer fake.Close()
	fake.AddUser("user-1")
	fake.Inject(m3tertest.Fault{Times: 1, Status: http.StatusServiceUnavailable})

	if _, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=INFO msg="m3ter access token obtained"
	// level=INFO msg="retrying m3ter call" operation=UserPermissions method=GET path=/organizations/{orgId}/users/{id}/permissions attempt=1 status=503
}

package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// newTestClient returns a client with a static access token, and the spans of its attempts.
func newTestClient(t *testing.T, baseURL string) (*m3teraccess.Client, *tracetest.InMemoryExporter) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans)))
	t.Setenv("M3TER_API_TOKEN", "token")
	client, err := m3teraccess.NewClient(
		m3teraccess.WithHTTPClient(newHTTPClient()),
		m3teraccess.WithBaseURL(baseURL),
		m3teraccess.WithOrganization("org"),
		m3teraccess.WithRetry(m3teraccess.RetryPolicy{MaxAttempts: 3, MinBackoff: 1, MaxBackoff: 1}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return client, spans
}

// write makes a call that is a write.
func write(ctx context.Context, client *m3teraccess.Client) error {
	_, err := client.RequestSupport(ctx, m3teraccess.SupportRequest{EndSupportUsersAccess: time.Now().Add(time.Hour)})
	return err
}

// Although otelhttp wraps the transport, the client notices that the transport could not establish a connection. It
// retries a write that was not sent, because the outcome is known.
func TestRefusedConnection(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	client, spans := newTestClient(t, closed.URL)
	err := write(t.Context(), client)
	if err == nil || errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
	if n := len(spans.GetSpans()); n != 3 {
		t.Errorf("%d attempts, want 3", n)
	}
}

// The client does not retry a write whose response was lost.
func TestLostResponse(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(server.Close)
	client, spans := newTestClient(t, server.URL)
	if err := write(t.Context(), client); !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
	if n := len(spans.GetSpans()); n != 1 {
		t.Errorf("%d attempts, want 1", n)
	}
}

// The client returns a redirect as an error, even if net/http could not follow it.
func TestRedirect(t *testing.T) {
	other := m3tertest.NewServer()
	t.Cleanup(other.Close)
	for _, location := range []string{other.URL, "http://[unreadable"} {
		server := httptest.NewServer(http.RedirectHandler(location, http.StatusTemporaryRedirect))
		t.Cleanup(server.Close)
		client, spans := newTestClient(t, server.URL)
		err := write(t.Context(), client)
		var refused *m3teraccess.Error
		if !errors.As(err, &refused) || refused.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("to %s: got %v", location, err)
		}
		if n := len(spans.GetSpans()); n != 1 {
			t.Errorf("to %s: %d attempts, want 1", location, n)
		}
	}
	if n := len(other.Requests()); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

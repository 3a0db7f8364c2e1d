package test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A write is a request for Do. Its method, its body and a header decide whether net/http would retry it by itself.
type write struct{ method, body, key string }

// writes returns one write of each kind. A key is a header with which net/http regards a write as safe to retry.
func writes(keys ...string) []write {
	var all []write
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		for _, body := range []string{"a body", "an empty body", "an empty reader", "no body"} {
			for _, key := range keys {
				all = append(all, write{method, body, key})
			}
		}
	}
	return all
}

func (w write) String() string {
	return strings.TrimSuffix(w.method+", "+w.body+", "+w.key, ", ")
}

func (w write) request(t *testing.T, url string) *http.Request {
	t.Helper()
	body := map[string]io.Reader{
		"a body":          strings.NewReader(`{"name":"x"}`),
		"an empty body":   strings.NewReader(""), // http.NewRequest drops it
		"an empty reader": io.MultiReader(),      // its length is unknown
	}[w.body]
	req, err := http.NewRequestWithContext(t.Context(), w.method, url+"/organizations/org/things", body)
	if err != nil {
		t.Fatal(err)
	}
	if w.body == "an empty reader" {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(io.MultiReader()), nil }
	}
	if w.key != "" {
		req.Header[w.key] = []string{"k-1"}
	}
	return req
}

// sentTo sends the write, and returns the error of the call.
func (w write) sentTo(t *testing.T, url string, transport http.RoundTripper) error {
	t.Helper()
	resp, err := newUncheckedClient(t, url, transport).Do(w.request(t, url))
	if err == nil && resp.StatusCode != 200 {
		t.Errorf("%v: answered %d", w, resp.StatusCode)
	}
	return err
}

// sentAs sends the write on a new connection (n is 0), or after another request on the connection (n is 1). It returns
// how many times the server received the write, and the error of the call.
func (w write) sentAs(t *testing.T, n int, server *tally, url string, transport http.RoundTripper) (received int, err error) {
	t.Helper()
	if n == 1 {
		if err := (write{method: "GET"}).sentTo(t, url, transport); err != nil {
			t.Fatal(err)
		}
	}
	err = w.sentTo(t, url, transport)
	checkOnce(t, w, err, int(server.applied.Load())-n)
	return int(server.received.Load()) - n, err
}

// newUncheckedClient makes a client whose traffic is not compared with the document. It retries at once.
func newUncheckedClient(t *testing.T, url string, transport http.RoundTripper, opts ...m3teraccess.Option) *m3teraccess.Client {
	t.Helper()
	client, err := m3teraccess.NewClient(localOptions(append([]m3teraccess.Option{
		m3teraccess.WithBaseURL(url),
		m3teraccess.WithHTTPClient(&http.Client{Transport: transport}),
		m3teraccess.WithLimiter(unlimited{}),
		m3teraccess.WithRetry(m3teraccess.RetryPolicy{MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond}),
	}, opts...)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// checkOnce compares the error of a call with how many times the server applied the write.
func checkOnce(t *testing.T, what any, err error, applied int) {
	t.Helper()
	unknown := errors.Is(err, m3teraccess.ErrOutcomeUnknown)
	switch {
	case applied > 1:
		t.Errorf("%v: applied %d times: %v", what, applied, err)
	case err == nil && applied != 1:
		t.Errorf("%v: succeeded, and was applied %d times", what, applied)
	case err != nil && !unknown && applied != 0:
		t.Errorf("%v: applied, and failed as if it were not: %v", what, err)
	}
}

// Over HTTP/2, the client retries a write whose stream is reset only if the code is REFUSED_STREAM. It retries a write
// after GOAWAY only if the server did not process its stream.
func TestHTTP2Failures(t *testing.T) {
	for _, beforeBody := range []bool{true, false} {
		failures := make(map[string]reaction)
		for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required+1; code++ {
			failures[fmt.Sprintf("reset with %v", code)] = reset(code, beforeBody)
		}
		for _, code := range []http2.ErrCode{http2.ErrCodeNo, http2.ErrCodeProtocol, http2.ErrCodeEnhanceYourCalm} {
			failures[fmt.Sprintf("GOAWAY with %v, processed", code)] = goAway(code, true, beforeBody)
			failures[fmt.Sprintf("GOAWAY with %v, not processed", code)] = goAway(code, false, beforeBody)
		}
		for name, failure := range failures {
			t.Run(fmt.Sprintf("%s, before body %t", name, beforeBody), func(t *testing.T) { testReaction(t, failure) })
		}
	}
}

// testReaction makes each kind of write fail once, on a new connection and on a connection in use. The client retries a
// write if the failure proves that it was not carried out. Otherwise the outcome is unknown.
func testReaction(t *testing.T, failure reaction) {
	want := 2
	if failure.applies {
		want = 1
	}
	for _, w := range writes("", "Idempotency-Key") {
		for first := range 2 { // the number of requests before the write
			server := newRawH2(t, func(n int) reaction {
				if n == first {
					return failure
				}
				return answered()
			})
			received, err := w.sentAs(t, first, &server.tally, server.URL, server.client)
			if received != want || errors.Is(err, m3teraccess.ErrOutcomeUnknown) != failure.applies {
				t.Errorf("%v, after %d requests: came %d times, want %d: %v", w, first, received, want, err)
			}
		}
	}
}

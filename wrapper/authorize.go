package m3teraccess

import (
	"context"
	"net/http"
)

// authorize sets the Authorization header on a copy of the request: a transport may change its request, or still read
// the request of an abandoned attempt.
func authorize(transport transport) roundTrip {
	return func(ctx context.Context, c *call) (*http.Response, error) {
		req := c.req.WithContext(ctx)
		address := *c.req.URL
		req.URL, req.Header = &address, c.req.Header.Clone()
		req.Header.Set("Authorization", "Bearer "+c.token)
		if !c.isRead() {
			sendOnce(req)
		}
		return transport.send(req)
	}
}

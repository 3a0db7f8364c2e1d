package m3teraccess

import (
	"context"
	"net/http"
)

// authorize sets the header that carries the token, on a copy: a transport may change what it is given, or still read
// that of an attempt which was given up.
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

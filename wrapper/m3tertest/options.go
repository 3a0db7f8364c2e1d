package m3tertest

import "time"

// An Option changes how [NewServer] sets up a server.
type Option func(*config)

type config struct {
	tokenLifetime time.Duration
	inMemory      bool
}

// WithTokenLifetime sets how long a bearer token is accepted after it was issued; the default is 5 hours, as m3ter
// has it. A token answer states the lifetime in whole seconds, rounded down. With a lifetime of zero or less every
// token is refused as expired.
func WithTokenLifetime(d time.Duration) Option {
	return func(c *config) { c.tokenLifetime = d }
}

// InMemory makes a server that doesn't listen: its URL is http://localhost, and it is reached by [Server.Client]
// or [Server.ServeHTTP]. It is what a testing/synctest bubble needs, and what a program needs that serves the fake
// by an http.Server of its own.
func InMemory() Option {
	return func(c *config) { c.inMemory = true }
}

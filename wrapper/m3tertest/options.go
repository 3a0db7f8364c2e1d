package m3tertest

import "time"

// An Option changes how [NewServer] sets up a server.
type Option func(*config)

type config struct {
	tokenLifetime time.Duration
	rate          *rateLimit
	inMemory      bool
	wholeDays     bool
}

// WithTokenLifetime sets how long a bearer token is accepted after it was issued; the default is 5 hours, as m3ter
// has it. A token answer states the lifetime in whole seconds, rounded down. With a lifetime of zero or less every
// token is refused as expired.
func WithTokenLifetime(d time.Duration) Option {
	return func(c *config) { c.tokenLifetime = d }
}

// WithRateLimit has the server accept n requests in any rolling second, and refuse the others with 429 before
// anything is done about them; as with m3ter, no Retry-After tells when to come again. With zero or less every
// request is refused. Without this option there is no limit; that of m3ter is 50.
//
// Not counted are token requests, those about another organization, those that were refused by the limit, and those
// that met a [Fault] and were not carried out. A client that keeps to the limit in any second also keeps to it where
// seconds are counted by the clock, from one full second to the next.
func WithRateLimit(n int) Option {
	return func(c *config) { c.rate = &rateLimit{most: n} }
}

// WithSupportUntilEndOfDay applies the rule of m3ter's guide for the console: support access is granted for at least
// the remainder of the current day, so that an end before the start of the next day is refused with 400. The day is
// that of UTC, by the clock of the server. Access that is open ends early with an end of the start of the next day, and
// with an empty list of statements until then. Without this option any end is accepted. Whether m3ter's API applies the
// rule is not documented.
func WithSupportUntilEndOfDay() Option {
	return func(c *config) { c.wholeDays = true }
}

// InMemory makes a server that doesn't listen: its URL is http://localhost, and it is reached by [Server.Client]
// or [Server.ServeHTTP]. It is what a testing/synctest bubble needs, and what a program needs that serves the fake
// by an http.Server of its own.
func InMemory() Option {
	return func(c *config) { c.inMemory = true }
}

package m3tertest

import "time"

// An Option configures the server that [NewServer] returns.
type Option func(*config)

type config struct {
	tokenLifetime time.Duration
	rate          *rateLimit
	inMemory      bool
	wholeDays     bool
}

// WithTokenLifetime sets how long the server accepts an access token that it has issued; the default is 5 hours, the
// lifetime of m3ter's own access tokens. The token response states the lifetime in whole seconds, rounded down, but at
// least 1. With a lifetime of zero or less, the server refuses every access token as expired.
func WithTokenLifetime(d time.Duration) Option {
	return func(c *config) { c.tokenLifetime = d }
}

// WithRateLimit makes the server accept at most n requests in every rolling second. The server refuses all others with
// 429 before it checks their access token, query or body. It sends no Retry-After, because m3ter documents none.
// Without this option, there is no limit; m3ter's limit is 50 requests a second.
//
// The limit does not apply to token requests, requests for another organization, or requests that a [Fault] keeps from
// being carried out. The server counts neither these requests nor the requests that it refuses because of the limit. If
// n is zero or less, the server refuses all requests to which the limit applies. A client that stays within the limit
// in every rolling second also stays within it in every clock second.
func WithRateLimit(n int) Option {
	return func(c *config) { c.rate = &rateLimit{most: n} }
}

// WithSupportUntilEndOfDay enforces a rule of m3ter's guide "Granting m3ter Support Access to Organization": support
// access lasts at least until the end of the day. The server refuses, with 400, an end time before the start of the
// next day. Days begin at midnight UTC, by the server's clock. To end access early, set the end time to the start of
// the next day and the statements to an empty list. Without this option, the server accepts any end time. m3ter does
// not document whether its API enforces the rule.
func WithSupportUntilEndOfDay() Option {
	return func(c *config) { c.wholeDays = true }
}

// InMemory makes [NewServer] return a server that does not listen on a socket. The URL of the server is
// http://localhost; use [Server.Client] or [Server.ServeHTTP] to reach the server. A testing/synctest bubble needs this
// option. The option also suits a program that serves the fake with its own http.Server.
func InMemory() Option {
	return func(c *config) { c.inMemory = true }
}

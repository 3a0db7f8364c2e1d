package redislimiter

import (
	"fmt"
	"log/slog"
	"time"
)

// An Option changes a default of [New].
type Option func(*config)

type config struct {
	timeout time.Duration
	strict  bool
	logger  *slog.Logger
}

func defaults() config {
	return config{timeout: 200 * time.Millisecond, logger: slog.New(slog.DiscardHandler)}
}

// WithTimeout sets how long a request to Redis waits for a response before Redis counts as failed. The default is
// 200 ms. The timeout should be several times as long as a round trip to the Redis server, and should be the same in
// all processes. WithTimeout panics if d is 0 or less.
func WithTimeout(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("redislimiter: the timeout must be positive; it is %v", d))
	}
	return func(c *config) { c.timeout = d }
}

// WithStrict makes [Limiter.Wait] return an error if Redis fails, instead of granting requests up to the local limit.
// The error says why Redis failed. The caller's request has not been sent. The next call to Wait asks Redis again.
func WithStrict() Option {
	return func(c *config) { c.strict = true }
}

// WithLogger sets the logger. For each organization in use, the package logs one line at level Warn when Redis fails,
// and one line at level Info when Redis is back. With [WithStrict], it logs nothing, because [Limiter.Wait] returns the
// error. By default, the package logs nothing. WithLogger panics if the logger is nil.
func WithLogger(logger *slog.Logger) Option {
	if logger == nil {
		panic("redislimiter: the logger must not be nil")
	}
	return func(c *config) { c.logger = logger }
}

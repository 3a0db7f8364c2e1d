package redislimiter

import (
	"fmt"
	"log/slog"
	"time"
)

// An Option changes what [New] makes.
type Option func(*config)

type config struct {
	timeout time.Duration
	strict  bool
	logger  *slog.Logger
}

func defaults() config {
	return config{timeout: 200 * time.Millisecond, logger: slog.New(slog.DiscardHandler)}
}

// WithTimeout sets how long a call may be held by a request to Redis that is not answered; the default is 200 ms. It
// should be several times a round trip to the server, and the same in all processes. WithTimeout panics when d is zero
// or less.
func WithTimeout(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("redislimiter: the timeout is %v: it must be more than 0", d))
	}
	return func(c *config) { c.timeout = d }
}

// WithStrict has [Limiter.Wait] fail when Redis fails, in place of keeping to a part of the rate. The error tells why;
// nothing was sent. Each call tries Redis anew.
func WithStrict() Option {
	return func(c *config) { c.strict = true }
}

// WithLogger logs to the logger when Redis fails, at level Warn, and when it answers again, at level Info: once each,
// for each organization that is in use. Without it nothing is logged. WithLogger panics when the logger is nil.
func WithLogger(logger *slog.Logger) Option {
	if logger == nil {
		panic("redislimiter: the logger is nil")
	}
	return func(c *config) { c.logger = logger }
}

package redislimiter

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// The rate limit of m3ter is 50 requests a second. One fewer request and a window of more than a second leave room for
// the delays between a grant and the arrival of its request at m3ter.
const (
	windowGrants = 49
	windowLength = 1030 * time.Millisecond
)

// returnTime is the longest time between the return of the first process to Redis and the return of the last process.
// 1.5 seconds is enough, because go-redis dials at least once a second.
const returnTime = 1500 * time.Millisecond

//go:embed plan.lua
var planSource string

var plan = redis.NewScript(planSource)

// A reply is the response of the server to a request, or the error of the request.
type reply struct {
	batches  []batch
	epoch    int64         // batches of any other epoch are canceled
	localFor time.Duration // the local limit applies for this duration
	err      error

	received time.Time
}

// ask runs the script on the server. Even if the request times out, the server keeps the grants that it has planned.
func (f *Fleet) ask(key string, wanted int, hold time.Duration) reply {
	ctx, cancel := context.WithTimeout(context.Background(), f.timeout)
	defer cancel()
	values, err := plan.Run(ctx, f.rdb, []string{key},
		windowGrants, windowLength.Microseconds(), f.silence().Microseconds(), (returnTime + windowLength).Microseconds(),
		wanted, hold.Microseconds()).Int64Slice()
	got := reply{received: time.Now()}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		got.err = f.noResponse()
	case err != nil:
		got.err = err
	default:
		got.epoch, got.localFor = values[0], microseconds(values[1])
		for pair := range slices.Chunk(values[2:], 2) {
			// The delay counts from the time of receipt, so that no grant is used before its time.
			due := got.received.Add(microseconds(pair[1]))
			got.batches = append(got.batches, batch{grants: int(pair[0]), due: due, epoch: got.epoch})
		}
	}
	return got
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// noResponse returns an error that does not match a context error, because the caller could mistake a context error for
// the error of the call's own context.
func (f *Fleet) noResponse() error { return fmt.Errorf("no response within %v", f.timeout) }

// lead returns the time between the request that confirms a batch and the time at which the batch is due. The process
// may use the batch for as long again after it is due. A process that was suspended for longer must drop the batch.
// Otherwise, it would send requests in addition to the requests of the next window.
func (f *Fleet) lead() time.Duration { return f.timeout / 2 }

// silence returns how long nothing is granted after Redis fails or loses its state: one window plus the lead, because
// an earlier grant may be used up to one lead after it is due.
func (f *Fleet) silence() time.Duration { return windowLength + f.lead() }

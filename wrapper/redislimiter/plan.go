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

// m3ter takes 50 requests a second. One less, and a little more than a second, leave room for what happens between a
// grant and the service.
const (
	windowGrants = 49
	windowLength = 1030 * time.Millisecond
)

// returnTime is how long processes may take, after one has found Redis back, until all of them have: go-redis dials
// once a second at the least.
const returnTime = 1500 * time.Millisecond

//go:embed plan.lua
var planSource string

var plan = redis.NewScript(planSource)

// answer holds the response of the server, or the reason why there is none.
type answer struct {
	turns  []turn
	epoch  int64         // changes when what was planned before doesn't stand any more
	parted time.Duration // for so long, each process must stay within its part
	err    error

	received time.Time
}

// ask sends the script once. The server keeps the slots also when nobody waits for the answer any more.
func (f *Fleet) ask(key string, wanted int, hold time.Duration) answer {
	ctx, cancel := context.WithTimeout(context.Background(), f.timeout)
	defer cancel()
	said, err := plan.Run(ctx, f.rdb, []string{key},
		windowGrants, windowLength.Microseconds(), f.silence().Microseconds(), (returnTime + windowLength).Microseconds(),
		wanted, hold.Microseconds()).Int64Slice()
	a := answer{received: time.Now()}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		a.err = f.noAnswer()
	case err != nil:
		a.err = err
	default:
		a.epoch, a.parted = said[0], microseconds(said[1])
		for pair := range slices.Chunk(said[2:], 2) {
			// Counted from here, no turn is used before its time.
			a.turns = append(a.turns, turn{slots: int(pair[0]), due: a.received.Add(microseconds(pair[1])), epoch: a.epoch})
		}
	}
	return a
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// noAnswer is not the error of a context, which the caller would take for that of the call.
func (f *Fleet) noAnswer() error { return fmt.Errorf("no answer within %v", f.timeout) }

// lead is how long before a slot Redis is asked whether it still stands, and how late a slot may be used: a process
// that was stopped must not send its requests beside those of the next window.
func (f *Fleet) lead() time.Duration { return f.timeout / 2 }

// silence covers the window, and what was granted before a failure for up to lead after it.
func (f *Fleet) silence() time.Duration { return windowLength + f.lead() }

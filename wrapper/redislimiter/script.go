package redislimiter

import (
	"context"
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
	windowLength = 1010 * time.Millisecond
)

// returnTime is how long processes may take, after one has found Redis back, until all of them have: go-redis dials
// once a second at the least.
const returnTime = 1500 * time.Millisecond

// plan keeps one organization: its last 49 slots as a ring in a hash, and beside them what the slots alone don't tell.
// All times are the server's, in microseconds.
var plan = redis.NewScript(`
local key = KEYS[1]
local grants, window = tonumber(ARGV[1]), tonumber(ARGV[2]) -- so many slots in any window
local silence, parts = tonumber(ARGV[3]), tonumber(ARGV[4]) -- after a loss: none granted, and only parts of the rate
local wanted, batch = tonumber(ARGV[5]), tonumber(ARGV[6])  -- slots; no more than a batch of those that are not free yet
local hold = tonumber(ARGV[7])                              -- the fleet, for so long; or 0
local gather = 150000                                       -- to give slots together, later than the first by no more
local gap = 5000                                            -- to spread a burst, for each slot that has to wait
local keep = 30 * 24 * 3600 * 1000

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local info = redis.pcall('INFO', 'server')
local server = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or 'unknown'

local state = redis.call('HMGET', key, 'server', 'now', 'epoch', 'held', 'parted', 'count')
local epoch, held, parted, count = tonumber(state[3]), tonumber(state[4]), tonumber(state[5]), tonumber(state[6])

-- Without the state that this server wrote by this clock, the last window is unknown, and counts as full.
if state[1] ~= server or now < tonumber(state[2]) then
  redis.call('DEL', key)
  epoch, held, parted, count = now, now + silence, now + parts, 0
end

-- What was planned before a hold-back doesn't stand after it: the epoch tells.
if hold > 0 and now + hold > held then
  epoch, held = now, now + hold
end

-- A slot comes a window after the 49th before it, which it replaces, and never before the last. Those that come soon
-- after one another come together, when the last of them does.
local function free(i)
  return tonumber(redis.call('HGET', key, i % grants) or 0) + window
end
local answer = {epoch, parted - now}
local last, at = count + wanted, math.max(now, held, free(count - 1) - window)
while count < last do
  local before = at
  at = math.max(at, free(count))
  local soon = now
  if at > now then
    soon, last = at + gather, math.min(last, count + batch)
  end
  local n = 1
  while count + n < last and free(count + n) <= soon do
    at = math.max(at, free(count + n))
    n = n + 1
  end
  if at > now then
    at = math.max(at, before + n * gap)
  end
  for i = count, count + n - 1 do
    redis.call('HSET', key, i % grants, at)
  end
  table.insert(answer, n)
  table.insert(answer, at - now)
  count = count + n
end

redis.call('HSET', key, 'server', server, 'now', now, 'epoch', epoch, 'held', held, 'parted', parted, 'count', count)
redis.call('PEXPIRE', key, keep + math.ceil(math.max(0, held - now) / 1000))
return answer
`)

// An answer is what the server said, or why it said nothing.
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
		wanted, f.batch(), hold.Microseconds()).Int64Slice()
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

// lead is how long before a slot Redis is asked whether it still stands, and how late a slot may be used: a process that
// was stopped must not send its requests beside those of the next window.
func (f *Fleet) lead() time.Duration { return f.timeout / 2 }

// silence covers the window, and what was granted before a failure for up to lead after it.
func (f *Fleet) silence() time.Duration { return windowLength + f.lead() }

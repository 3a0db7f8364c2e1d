-- This script plans grants for one organization. The key of the organization is a hash. It contains a ring with the
-- times of the last grants, and fields with the rest of the state. After a loss of state, the script grants nothing for
-- `silence`, and local limits apply for `recovery`. All times are by the clock of the server, in microseconds.
local key = KEYS[1]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])     -- at most limit grants in any window
local silence, recovery = tonumber(ARGV[3]), tonumber(ARGV[4]) -- both apply after a loss of state
local wanted, hold = tonumber(ARGV[5]), tonumber(ARGV[6])      -- grants; how long to hold back all processes, or 0
local patience = 150000                                        -- how long a grant may wait for the rest of its batch
local gap = 5000                                               -- a later batch of n grants comes at least n gaps after the previous batch
local keep = 30 * 24 * 3600 * 1000                             -- how long Redis keeps a key, in milliseconds

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- info returns a field of INFO, or 'unknown'.
local function info(section, field)
  local text = redis.pcall('INFO', section)
  return type(text) == 'string' and string.match(text, field .. ':(%w+)') or 'unknown'
end
local server = info('server', 'run_id')

-- lostNothing reports whether this script stored its mark on the server at least `recovery` ago and the server has lost
-- no state since then. If so, an organization without state is new. A server that evicts keys may have lost some keys.
-- On a Cluster, the mark may be on another node. In that case, Redis returns an error, and lostNothing returns false.
local function lostNothing()
  local mark = 'm3ter:rate:since:' .. server
  redis.pcall('SET', mark, now, 'NX', 'PX', keep)
  local since = tonumber(redis.pcall('GET', mark))
  return since and since + recovery <= now and info('memory', 'maxmemory_policy') == 'noeviction'
end

-- Keep the names of these fields: processes with an older script share the state.
local state = redis.call('HMGET', key, 'server', 'now', 'epoch', 'held', 'parted', 'count')
local epoch, count = tonumber(state[3]), tonumber(state[6])
local heldUntil, localUntil = tonumber(state[4]), tonumber(state[5])

-- The grants of the last window are known only if the same server wrote the state, and the clock of the server has not
-- gone back since then. Otherwise, unless the organization is new, the last window counts as full.
if state[1] ~= server or now < tonumber(state[2]) then
  redis.call('DEL', key)
  epoch, heldUntil, localUntil, count = now, now, now, 0
  if state[1] or not lostNothing() then
    heldUntil, localUntil = now + silence, now + recovery
  end
end

-- A hold-back cancels all grants that were planned earlier. The processes recognize a hold-back by the new epoch.
if hold > 0 and now + hold > heldUntil then
  epoch, heldUntil = now, now + hold
end

-- grantTime returns the time in the place of grant i in the ring, or 0 if the place is empty.
local function grantTime(i)
  return tonumber(redis.call('HGET', key, i % limit) or 0)
end

-- earliestTime returns the earliest time for a new grant i: one window after the grant that it replaces in the ring.
local function earliestTime(i)
  return grantTime(i) + window
end

-- A new grant must not be earlier than the previous grant in the ring.
local at = math.max(now, heldUntil, grantTime(count - 1))
local reply = {epoch, localUntil - now}

-- gather returns how many grants are possible up to the time `by`, but no more than `most`. It moves `at` to the time
-- of the last of these grants, so that all of them form one batch.
local function gather(most, by)
  local n = 0
  while n < most and earliestTime(count + n) <= by do
    at = math.max(at, earliestTime(count + n))
    n = n + 1
  end
  return n
end

-- give plans a batch of n grants at the time `at`, and adds it to the reply.
local function give(n)
  if n == 0 then
    return
  end
  for i = count, count + n - 1 do
    redis.call('HSET', key, i % limit, at)
  end
  table.insert(reply, n)
  table.insert(reply, at - now)
  count = count + n
end

if at == now then
  local n = gather(wanted, now)
  give(n)
  wanted = wanted - n
end
-- The rest comes in later batches. A later batch can cost a request, which confirms the batch shortly before its time.
-- The script may leave up to half of the rest unplanned. The process asks for these grants in a later request.
local few = wanted / 2
while wanted > few do
  local before, first = at, math.max(at, earliestTime(count))
  local n = gather(wanted, first + patience)
  at = math.max(at, before + n * gap)
  give(n)
  wanted = wanted - n
end

redis.call('HSET', key, 'server', server, 'now', now, 'epoch', epoch,
  'held', heldUntil, 'parted', localUntil, 'count', count)
redis.call('PEXPIRE', key, keep + math.ceil(math.max(0, heldUntil - now) / 1000))
return reply

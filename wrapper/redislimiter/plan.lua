-- Plans slots for one organization. Its key is a hash: the last slots as a ring, and beside them what the slots alone
-- don't tell. All times are the server's, in microseconds.
local key = KEYS[1]
local grants, window = tonumber(ARGV[1]), tonumber(ARGV[2]) -- so many slots in any window
local silence, parts = tonumber(ARGV[3]), tonumber(ARGV[4]) -- after a loss: none granted, and only parts of the rate
local wanted, hold = tonumber(ARGV[5]), tonumber(ARGV[6])   -- slots; how long to hold the fleet back, or 0
local gather = 150000                                       -- to give slots together, later than the first by no more
local gap = 5000                                            -- to spread a burst, for each slot that has to wait
local keep = 30 * 24 * 3600 * 1000                          -- milliseconds

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function info(section, field)
  local text = redis.pcall('INFO', section)
  return type(text) == 'string' and string.match(text, field .. ':(%w+)') or 'unknown'
end
local server = info('server', 'run_id')

-- A server that was marked a while ago, and evicts nothing, has lost nothing since: what it doesn't know is new.
-- Another node of a Cluster may have the mark. That is an error, so nothing is known.
local function remembers()
  local mark = 'm3ter:rate:since:' .. server
  redis.pcall('SET', mark, now, 'NX', 'PX', keep)
  local since = tonumber(redis.pcall('GET', mark))
  return since and since + parts <= now and info('memory', 'maxmemory_policy') == 'noeviction'
end

local state = redis.call('HMGET', key, 'server', 'now', 'epoch', 'held', 'parted', 'count')
local epoch, held, parted, count = tonumber(state[3]), tonumber(state[4]), tonumber(state[5]), tonumber(state[6])

-- Without the state that this server wrote by this clock, the last window is unknown, and counts as full.
if state[1] ~= server or now < tonumber(state[2]) then
  redis.call('DEL', key)
  epoch, held, parted, count = now, now, now, 0
  if state[1] or not remembers() then
    held, parted = now + silence, now + parts
  end
end

-- What was planned before a hold-back doesn't stand after it: the epoch tells.
if hold > 0 and now + hold > held then
  epoch, held = now, now + hold
end

local function slot(i)
  return tonumber(redis.call('HGET', key, i % grants) or 0)
end

-- A slot comes a window after the 49th before it, which it replaces.
local function free(i)
  return slot(i) + window
end

-- None comes before an earlier one.
local at = math.max(now, held, slot(count - 1))
local answer = {epoch, parted - now}

-- gathered is how many slots are free by a time, and has them come together, when the last of them does.
local function gathered(most, by)
  local n = 0
  while n < most and free(count + n) <= by do
    at = math.max(at, free(count + n))
    n = n + 1
  end
  return n
end

local function give(n)
  if n == 0 then
    return
  end
  for i = count, count + n - 1 do
    redis.call('HSET', key, i % grants, at)
  end
  table.insert(answer, n)
  table.insert(answer, at - now)
  count = count + n
end

if at == now then
  local n = gathered(wanted, now)
  give(n)
  wanted = wanted - n
end
-- Then those that come later, which each cost a question shortly before. A few may be left out, but not most.
local few = wanted / 2
while wanted > few do
  local before, first = at, math.max(at, free(count))
  local n = gathered(wanted, first + gather)
  at = math.max(at, before + n * gap)
  give(n)
  wanted = wanted - n
end

redis.call('HSET', key, 'server', server, 'now', now, 'epoch', epoch, 'held', held, 'parted', parted, 'count', count)
redis.call('PEXPIRE', key, keep + math.ceil(math.max(0, held - now) / 1000))
return answer

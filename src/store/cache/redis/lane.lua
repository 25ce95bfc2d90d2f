-- The line before one source: what turns.rs decides, on data in Redis. The scripts of the single
-- operations follow below this text.
--
-- KEYS[1] is the lane. Its parts share its hash tag:
--   :seen         sorted set, every ticket by the instant (µs) it was last looked after
--   :body         hash, ticket to body
--   :turns        set, tickets that have their turn
--   :lines        set, bodies with waiting tickets
--   :line:<body>  sorted set, waiting tickets of a body by the number they came with
--   :served       hash, body to the number of the start at which it was last served
--   :count        hash, queued and starts (numbers given), next_start (µs)
-- ARGV: ticket, now (µs), µs after which a ticket is forgotten, ms after which an idle lane is.
local lane, ticket = KEYS[1], ARGV[1]
local now, forgotten_after, idle = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local seen, body_of, turns = lane .. ':seen', lane .. ':body', lane .. ':turns'
local lines, served, count = lane .. ':lines', lane .. ':served', lane .. ':count'
local function line(body) return lane .. ':line:' .. body end

local function leave_line(body, who)
  redis.call('ZREM', line(body), who)
  if redis.call('EXISTS', line(body)) == 0 then redis.call('SREM', lines, body) end
end

local function remove(who)
  local body = redis.call('HGET', body_of, who)
  redis.call('ZREM', seen, who)
  redis.call('HDEL', body_of, who)
  redis.call('SREM', turns, who)
  if body then leave_line(body, who) end
end

local function forget()
  local limit = string.format('(%.0f', now - forgotten_after)
  for _, who in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', limit)) do remove(who) end
end

-- The body of the ticket, whose stamp is now fresh; nil when it is not there.
local function look_after()
  local body = redis.call('HGET', body_of, ticket)
  if not body then return nil end
  redis.call('ZADD', seen, now, ticket)
  return body
end

-- Keeps the parts of a lane that somebody uses.
local function stay(body)
  for _, part in ipairs({ seen, body_of, turns, lines, served, count, line(body) }) do
    redis.call('PEXPIRE', part, idle)
  end
end

-- The place of the ticket in the fair order, 1 is next; nil when it does not wait.
local function place(body)
  local function rank(other)
    local first = redis.call('ZRANGE', line(other), 0, 0, 'WITHSCORES')
    return tonumber(redis.call('HGET', served, other) or 0), tonumber(first[2])
  end
  local own = redis.call('ZRANK', line(body), ticket)
  if not own then return nil end
  local own_served, own_came = rank(body)
  local before = 0
  for _, other in ipairs(redis.call('SMEMBERS', lines)) do
    local ahead, served_at, came = own, rank(other)
    if served_at < own_served or (served_at == own_served and came < own_came) then
      ahead = own + 1
    end
    before = before + math.min(redis.call('ZCARD', line(other)), ahead)
  end
  return before + 1
end

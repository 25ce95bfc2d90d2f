-- Gives a ticket its turn, if it is next and the limit allows.
-- ARGV[5]: how many may be under way; ARGV[6]: µs between starts.
-- Gives {0} for a ticket that is not there, {1} for its turn, {2, place, µs to the next start}.
forget()
local at_once, interval = tonumber(ARGV[5]), tonumber(ARGV[6])
local body = look_after()
if not body then return { 0 } end
stay(body)
if redis.call('SISMEMBER', turns, ticket) == 1 then return { 1 } end
local mine = place(body)
if not mine then -- a part of the lane was lost: as if the ticket had not been there
  remove(ticket)
  return { 0 }
end
-- A clock that ran ahead must not close the lane.
local next_start = tonumber(redis.call('HGET', count, 'next_start') or 0)
next_start = math.min(next_start, now + interval)
if mine == 1 and redis.call('SCARD', turns) < at_once and next_start <= now then
  redis.call('HSET', count, 'next_start', now + interval)
  redis.call('HSET', served, body, redis.call('HINCRBY', count, 'starts', 1))
  leave_line(body, ticket)
  redis.call('SADD', turns, ticket)
  stay(body)
  return { 1 }
end
return { 2, mine, next_start - now }

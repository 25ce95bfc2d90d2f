-- Counts one event if its rate allows it: what gcra.rs decides. Gives 0, or the µs to wait.
-- KEYS: the rate. ARGV: now, interval, depth (µs), milliseconds to live.
local now, interval, depth = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = now + depth
local kept = tonumber(redis.call('GET', KEYS[1]) or now)
local following = math.min(math.max(kept, now), full) + interval
if following > full then return following - full end
redis.call('SET', KEYS[1], following, 'PX', ARGV[4])
return 0

-- Uses an identifier up: 0 the first time, 1 again, 2 when it is older than what we remember.
-- KEYS: the birth, the identifier. ARGV: now, made at, forget at (µs), milliseconds to live.
if tonumber(ARGV[2]) < born(ARGV[1]) then return 2 end
local forget = redis.call('GET', KEYS[2])
if forget and tonumber(forget) > tonumber(ARGV[1]) then return 1 end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 0

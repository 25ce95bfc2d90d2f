-- Since when this server remembers identifiers (µs).
--
-- A restart or a fail-over may lose what was written last, so the birth belongs to one run of one
-- server: another run, or a missing birth (flushed), is born at the `now` of whoever notices.
-- KEYS[1] is the birth.
local function born(now)
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local birth = redis.call('HMGET', KEYS[1], 'run', 'at')
  if birth[1] == run and birth[2] then return tonumber(birth[2]) end
  redis.call('HSET', KEYS[1], 'run', run, 'at', now)
  return tonumber(now)
end

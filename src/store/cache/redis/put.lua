-- Keeps a field of a group. The group stays as long as the longest-lived of its fields.
-- KEYS: the group. ARGV: field, value, milliseconds to live.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then -- less than zero when it is new
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end

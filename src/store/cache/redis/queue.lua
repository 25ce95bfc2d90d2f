-- Puts a ticket in the line; one that is there keeps its place. ARGV[5]: its body.
forget()
local body = look_after()
if not body then
  body = ARGV[5]
  redis.call('HSET', body_of, ticket, body)
  redis.call('ZADD', seen, now, ticket)
  redis.call('ZADD', line(body), redis.call('HINCRBY', count, 'queued', 1), ticket)
  redis.call('SADD', lines, body)
end
stay(body)

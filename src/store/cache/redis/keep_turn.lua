-- Says that a turn is still used; 1 if it still is one.
forget()
local body = look_after()
if not body then return 0 end
stay(body)
return redis.call('SISMEMBER', turns, ticket)

-- The place of a waiting ticket; nothing when it has its turn or is not there.
local body = redis.call('HGET', body_of, ticket)
return body and place(body)

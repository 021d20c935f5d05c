-- Become, stay or cease to be the leader of a call, by the store's time.
-- KEYS  1 meta (hash)
-- ARGV  1 node  2 ttl_ms; 0 gives the lease up if the node holds it
-- Answer  nil: no such log | mine (1 or 0) fence ttl_ms
local held = redis.call('HMGET', KEYS[1], 'epoch', 'leader', 'lease_until_ms', 'fence')
if not held[1] then return nil end
local now, ttl, fence = redis.call('TIME'), tonumber(ARGV[2]), tonumber(held[4])
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local left = held[2] and held[3] - now_ms or 0
local mine = held[2] == ARGV[1]
if ttl == 0 then
  if mine then redis.call('HDEL', KEYS[1], 'leader', 'lease_until_ms') end
  return {0, fence, 0}
end
if left > 0 and not mine then return {0, fence, left} end
if left <= 0 then fence = fence + 1 end
local until_ms = string.format('%.0f', now_ms + ttl)
redis.call('HSET', KEYS[1], 'leader', ARGV[1], 'lease_until_ms', until_ms, 'fence', fence)
return {1, fence, ttl}

-- Become, stay or cease to be the leader of a call, by the store's time.
-- KEYS  1 meta (hash)
-- ARGV  1 the server's run id  2 refill window, ms
--       3 node  4 ttl_ms; 0 gives the lease up if the node holds it
-- Answer  nil: no such log | mine (1 or 0) fence ttl_ms
local epoch, _, fence = life(KEYS[1], ARGV[1], ARGV[2])
if not epoch then return nil end
local held = redis.call('HMGET', KEYS[1], 'leader', 'lease_until_ms')
local now, ttl = now_ms(), tonumber(ARGV[4])
local left = held[1] and held[2] - now or 0
local mine = held[1] == ARGV[3]
if ttl == 0 then
  if mine then redis.call('HDEL', KEYS[1], 'leader', 'lease_until_ms') end
  return {0, fence, 0}
end
if left > 0 and not mine then return {0, fence, left} end
if left <= 0 then fence = fence + 1 end
local until_ms = string.format('%.0f', now + ttl)
redis.call('HSET', KEYS[1], 'leader', ARGV[3], 'lease_until_ms', until_ms, 'fence', fence)
return {1, fence, ttl}

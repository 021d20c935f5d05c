-- Put a call into its tenant's lists, out of the ones it was in before; or take it out of all.
-- KEYS  1 views (hash: call -> JSON)  2 places (hash: call -> "member list list …")
--       3 ends (zset: call by its end, in seconds)  4 rows of the wall (hash: call -> JSON)
-- ARGV  1 stem of the lists' keys, with their hash tag  2 call  3 JSON, or '' to take it out
--       4 end, or '' while it lives  5 member in the lists  6… the lists
local stem, call = ARGV[1], ARGV[2]
local before = redis.call('HGET', KEYS[2], call)
if before then
  local member
  for word in string.gmatch(before, '%S+') do
    if member then redis.call('ZREM', stem .. word, member) else member = word end
  end
end
if ARGV[3] == '' or ARGV[4] ~= '' then redis.call('HDEL', KEYS[4], call) end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], call)
  redis.call('ZREM', KEYS[3], call)
  return redis.call('HDEL', KEYS[1], call)
end
for i = 6, #ARGV do redis.call('ZADD', stem .. ARGV[i], 0, ARGV[5]) end
redis.call('HSET', KEYS[1], call, ARGV[3])
redis.call('HSET', KEYS[2], call, table.concat(ARGV, ' ', 5))
if ARGV[4] == '' then redis.call('ZREM', KEYS[3], call)
else redis.call('ZADD', KEYS[3], ARGV[4], call) end
return 1

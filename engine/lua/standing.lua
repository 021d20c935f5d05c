-- An agent's standing changed: the next version of it, told to every node.
-- KEYS  1 the tenant's standings (hash: agent -> "version revoked_at")
-- ARGV  1 agent  2 revoked_at, or '' to leave it  3 channel  4 what changed, told behind the version
local version, revoked = 0, '0'
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then
  local v, r = string.match(before, '^(%d+) (%S+)$')
  if v then version, revoked = tonumber(v), r end
end
if ARGV[2] ~= '' and tonumber(ARGV[2]) > tonumber(revoked) then revoked = ARGV[2] end
local after = string.format('%d %s', version + 1, revoked)
redis.call('HSET', KEYS[1], ARGV[1], after)
redis.call('PUBLISH', ARGV[3], after .. ' ' .. ARGV[4])
return after

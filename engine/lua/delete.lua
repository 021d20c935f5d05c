-- Erase everything of a call, and remember for a while that it was erased: a node that still
-- holds it in memory must not take it for lost and bring it back.
-- KEYS  1 log (stream)  2 meta (hash)  3 keys (hash)
-- ARGV  1 how long that is remembered, ms
-- Answer  1: there was a log | 0
local existed = redis.call('HEXISTS', KEYS[2], 'epoch')
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[2], 'erased', 1)
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return existed

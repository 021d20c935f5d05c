-- Compare and append: all entries or none, judged in the order that engine/log.py promises.
-- KEYS  1 log (stream)  2 meta (hash)  3 keys (hash: key -> "seq digest")
-- ARGV  1 epoch  2 expected_seq  3 fence or ''  4 '' or, to create, '+' and the store's run id
--       5 expire_s or ''  6 max_events  7 most events of a `moved`  8 PUBLISH or SPUBLISH
--       9 origin  10… key, digest, event, body each
-- The hint's channel is the log's name with `hint` in the place of `log`.
-- Answer  missing | reopened epoch top | known (index, "seq digest")… | fenced fence
--         | moved top entries (MessagePack) | full top | appended top
local log, meta, keys, expected = KEYS[1], KEYS[2], KEYS[3], tonumber(ARGV[2])
local held = redis.call('HMGET', meta, 'epoch', 'top', 'fence')
local epoch, top, fence = held[1], tonumber(held[2] or 0), tonumber(held[3] or 0)
local create = ARGV[4] ~= ''
if not epoch and not create then return {'missing'} end
if epoch and epoch ~= ARGV[1] then return {'reopened', epoch, top} end
if epoch then
  local known
  for i = 10, #ARGV, 4 do
    local first = redis.call('HGET', keys, ARGV[i])
    if first then
      known = known or {'known'}
      known[#known + 1] = (i - 10) / 4
      known[#known + 1] = first
    end
  end
  if known then return known end
  if create then return {'reopened', epoch, top} end
end
if ARGV[3] ~= '' and tonumber(ARGV[3]) < fence then return {'fenced', fence} end
if top ~= expected then
  local behind = expected < top and redis.call('XRANGE', log, expected + 1, '+', 'COUNT', ARGV[7])
  return {'moved', top, cmsgpack.pack(behind or {})}
end
local count = (#ARGV - 9) / 4
if top + count > tonumber(ARGV[6]) then return {'full', top} end
local hint = {ARGV[1] .. ' ' .. ARGV[2] + 1 .. ' ' .. ARGV[9] .. ' ' .. count .. '\n'}
for i = 10, #ARGV, 4 do
  local key, digest, event, body = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  top = top + 1
  redis.call('XADD', log, top .. '-0', 'e', event, 'd', body, 'k', key, 'g', digest)
  redis.call('HSET', keys, key, top .. ' ' .. digest)
  hint[#hint + 1] = event .. ' ' .. #body .. '\n' .. body .. '\n'
end
if epoch then redis.call('HSET', meta, 'top', top)
else
  local run_id = string.sub(ARGV[4], 2)
  redis.call('HSET', meta, 'top', top, 'epoch', ARGV[1], 'first', 1, 'fence', 0, 'run_id', run_id)
end
if ARGV[5] ~= '' then
  local now = redis.call('TIME')
  local ends = string.format('%.0f', (now[1] + ARGV[5]) * 1000 + math.floor(now[2] / 1000))
  for i = 1, 3 do redis.call('PEXPIREAT', KEYS[i], ends) end
end
redis.call(ARGV[8], string.sub(log, 1, -4) .. 'hint', table.concat(hint))
return {'appended', top}

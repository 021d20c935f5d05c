-- Compare and append: all entries or none, judged in the order that engine/log.py promises.
-- KEYS  1 log (stream)  2 meta (hash)  3 keys (hash: key -> "seq digest")
-- ARGV  1 epoch  2 the server's run id  3 expected_seq  4 fence or ''
--       5 '' | create | refill | recreate  6 what a log that is made anew begins from, or ''
--       7 expire_s or ''  8 refill window, ms  9 max_events  10 most events of a `moved`
--       11 PUBLISH or SPUBLISH  12 origin  13… key, digest, event, body each
-- The hint's channel is the log's name with `hint` in the place of `log`.
-- Answer  missing | reopened epoch top | known (index, "seq digest")… | refilling ms
--         | fenced fence | moved top entries (MessagePack) | full top | appended top
local FIRST = 13
local log, meta, keys, expected = KEYS[1], KEYS[2], KEYS[3], tonumber(ARGV[3])
local create = ARGV[5] == 'create' or ARGV[5] == 'recreate'
local refill = ARGV[5] == 'refill' or ARGV[5] == 'recreate'
local epoch, top, fence, refill_until = life(meta, ARGV[2], ARGV[8])
if not epoch then
  if not create then return {'missing'} end
  -- What was erased is not brought back; a new call of that name may begin.
  if refill and redis.call('HEXISTS', meta, 'erased') == 1 then return {'missing'} end
  top, fence = refill and expected or 0, 0
end
if epoch and epoch ~= ARGV[1] then return {'reopened', epoch, top} end
if epoch then
  local known
  for i = FIRST, #ARGV, 4 do
    local first = redis.call('HGET', keys, ARGV[i])
    if first then
      known = known or {'known'}
      known[#known + 1] = (i - FIRST) / 4
      known[#known + 1] = first
    end
  end
  if known then return known end
  if create then return {'reopened', epoch, top} end
  if refill_until and not refill then
    local left = refill_until - now_ms()
    if left > 0 then return {'refilling', left} end
  end
  if ARGV[4] ~= '' and tonumber(ARGV[4]) < fence then return {'fenced', fence} end
end
if top ~= expected then
  local behind = expected < top and redis.call('XRANGE', log, expected + 1, '+', 'COUNT', ARGV[10])
  return {'moved', top, cmsgpack.pack(behind or {})}
end
local count = (#ARGV - FIRST + 1) / 4
if top + count > tonumber(ARGV[9]) then return {'full', top} end
local hint = {ARGV[1] .. ' ' .. ARGV[3] + 1 .. ' ' .. ARGV[12] .. ' ' .. count .. '\n'}
for i = FIRST, #ARGV, 4 do
  local key, digest, event, body = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  top = top + 1
  redis.call('XADD', log, top .. '-0', 'e', event, 'd', body, 'k', key, 'g', digest)
  redis.call('HSET', keys, key, top .. ' ' .. digest)
  hint[#hint + 1] = event .. ' ' .. #body .. ' ' .. #key .. ' ' .. #digest .. '\n'
    .. body .. key .. digest .. '\n'
end
if epoch then redis.call('HSET', meta, 'top', top)
else
  redis.call('DEL', meta)  -- that a call of this name was erased
  redis.call('HSET', meta, 'top', top, 'epoch', ARGV[1], 'first', expected + 1, 'fence', 0,
    'run_id', ARGV[2])
  if refill then
    local leapt = (ARGV[4] == '' and 0 or ARGV[4]) + FENCE_LEAP
    local now = redis.call('TIME')
    fence = string.format('%.0f', math.max(leapt, now[1] * 1000000 + now[2]))
    redis.call('HSET', meta, 'fence', fence, 'base', ARGV[6],
      'refill_until_ms', string.format('%.0f', now_ms() + ARGV[8]))
  end
end
if ARGV[7] ~= '' then
  local ends = string.format('%.0f', now_ms() + ARGV[7] * 1000)
  for i = 1, 3 do redis.call('PEXPIREAT', KEYS[i], ends) end
end
redis.call(ARGV[11], string.sub(log, 1, -4) .. 'hint', table.concat(hint))
return {'appended', top}

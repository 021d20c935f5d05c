-- Stands before every script that looks at a log: which life of it this is.
-- A log keeps the run id of the server that wrote it. Another one means that the process is
-- another, after a restart or a failover, and may have come back without its last writes. Then
-- a NEW epoch begins: seq goes on from what is left, the lease is void, the fence leaps past
-- any that was given out and lost, and for `window_ms` only what was acknowledged before may
-- be appended again. An empty run id is of a server that does not tell.
-- Gives  epoch (false: no log), top, fence, end of the refill window in ms (false: none)
local FENCE_LEAP = 1000
local function now_ms()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end
local function life(meta, run_id, window_ms)
  local held = redis.call('HMGET', meta, 'epoch', 'top', 'fence', 'refill_until_ms', 'run_id')
  local epoch, top, fence, refill_until = held[1], tonumber(held[2]), tonumber(held[3]), held[4]
  if not epoch or held[5] == run_id or run_id == '' then return epoch, top, fence, refill_until end
  local now = redis.call('TIME')
  local named = string.format('%016x', now[1] * 1000000 + now[2]) .. string.sub(run_id, 1, 8)
  -- Epochs sort by age, whatever the clocks of two servers say.
  if named <= epoch then named = epoch .. '0' end
  refill_until = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000) + window_ms)
  fence = fence + FENCE_LEAP
  redis.call('HSET', meta, 'epoch', named, 'first', top + 1, 'fence', fence, 'run_id', run_id,
    'refill_until_ms', refill_until)
  redis.call('HDEL', meta, 'leader', 'lease_until_ms')
  return named, top, fence, refill_until
end

-- A page of the log together with what it belongs to.
-- KEYS  1 log (stream)  2 meta (hash)
-- ARGV  1 the server's run id  2 refill window, ms  3 after (a seq), or '' for the last events
--       4 limit  5 most bytes of bodies together
-- Answer  nil: no such log | epoch first top entries (the last ones: newest first) fence base
--         Entries are as XRANGE gives them, but in MessagePack: a page of 64 is 640 strings,
--         which take a Python client 1.3 ms to read as a plain answer, and 0.3 ms so.
--         base: what the log begins from, in a page from the beginning; else nil.
local epoch, top, fence = life(KEYS[2], ARGV[1], ARGV[2])
if not epoch then return nil end
local first, base = redis.call('HGET', KEYS[2], 'first'), false
if ARGV[3] == '0' then base = redis.call('HGET', KEYS[2], 'base') end
local backwards, limit, room = ARGV[3] == '', tonumber(ARGV[4]), tonumber(ARGV[5])
local at, found = backwards and '+' or '(' .. ARGV[3] .. '-0', {}
local function page() return {epoch, first, top, cmsgpack.pack(found), fence, base} end
while true do
  -- In small steps: the bound on bytes must not be found after reading a whole log.
  local step = math.min(64, limit - #found)
  local entries = backwards and redis.call('XREVRANGE', KEYS[1], at, '-', 'COUNT', step)
    or redis.call('XRANGE', KEYS[1], at, '+', 'COUNT', step)
  for _, entry in ipairs(entries) do
    room = room - #entry[2][4]
    if room < 0 and #found > 0 then return page() end
    found[#found + 1], at = entry, '(' .. entry[1]
  end
  if #entries < step or #found == limit then return page() end
end

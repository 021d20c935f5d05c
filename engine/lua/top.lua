-- Where the log ends.
-- KEYS  1 meta (hash)
-- ARGV  1 the server's run id  2 refill window, ms
-- Answer  nil: no such log | epoch top
local epoch, top = life(KEYS[1], ARGV[1], ARGV[2])
if not epoch then return nil end
return {epoch, top}

-- A thread is a user with one connection, who sends a value of their own:
--   wrk -t N -c N … -- PATH BEFORE AFTER FIELD VALUE…
-- The body is BEFORE, the value and AFTER. Where FIELD is not empty, the field of that name in an
-- answer is the value to send next, as with tokens that rotate.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(arguments)
  path, before, after, field = unpack(arguments, 1, 4)
  value = arguments[4 + number]
  pattern = '"' .. field .. '" *: *"([^"]+)"'
  statuses, unchanged = {}, 0
end

function request()
  return wrk.format("POST", path, {["Content-Type"] = "application/json"}, before .. value .. after)
end

function response(status, headers, body)
  statuses[status] = (statuses[status] or 0) + 1
  if field == "" or status ~= 200 then return end
  local new = body:match(pattern)
  if new and new ~= value then value = new else unchanged = unchanged + 1 end
end

function done()
  local sums, same = {}, 0
  for _, thread in ipairs(threads) do
    same = same + thread:get("unchanged")
    for status, count in pairs(thread:get("statuses")) do
      sums[status] = (sums[status] or 0) + count
    end
  end
  for status, count in pairs(sums) do print("status " .. status .. ": " .. count) end
  print("unchanged: " .. same)
end

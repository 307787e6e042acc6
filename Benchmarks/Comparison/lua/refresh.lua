-- A thread is a user with one connection, and sends next the token that the last answer gave.
--   wrk -t N -c N … -- FIELD TOKEN…
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(arguments)
  field = arguments[1]
  token = arguments[1 + number]
  pattern = '"' .. field .. '" *: *"([^"]+)"'
  statuses = {}
end

function request()
  return wrk.format("POST", "/refresh-token", {["Content-Type"] = "application/json"},
    '{"' .. field .. '":"' .. token .. '"}')
end

function response(status, headers, body)
  statuses[status] = (statuses[status] or 0) + 1
  token = body:match(pattern) or token
end

function done()
  local sums = {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses")) do
      sums[status] = (sums[status] or 0) + count
    end
  end
  for status, count in pairs(sums) do print("status " .. status .. ": " .. count) end
end

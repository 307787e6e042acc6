-- A thread is a user with one connection, who signs in again and again.
--   wrk -t N -c N … -- PASSWORD
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  body = '{"username":"load-' .. number .. '","password":"' .. arguments[1] .. '"}'
  statuses = {}
end

function request()
  return wrk.format("POST", "/login", {["Content-Type"] = "application/json"}, body)
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
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

-- One new entry in each request. Arguments: the first number, how many persons, and perhaps a query string.

dofile("number.lua")

function init(arguments)
    local file = assert(io.open("entry.json"))
    template = file:read("*l")
    file:close()
    next_number, persons = tonumber(arguments[1]), tonumber(arguments[2])
    path = "/v1/entries" .. (arguments[3] or "")
    headers = { ["Content-Type"] = "application/json", ["Authorization"] = wrk.headers["Authorization"] }
end

function request()
    local body = fill(template, values_of(next_number, persons))
    next_number = next_number + 1
    return wrk.format("POST", path, headers, body)
end

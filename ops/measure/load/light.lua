-- A new entry for another ledger in each request, with a pause before it. Arguments: the first number, how many persons,
-- a file with the token of a ledger in each line, the pause in milliseconds.

dofile("number.lua")

function init(arguments)
    local file = assert(io.open("entry.json"))
    template = file:read("*l")
    file:close()
    next_number, persons, pause = tonumber(arguments[1]), tonumber(arguments[2]), tonumber(arguments[4])
    tokens = {}
    for token in io.lines(arguments[3]) do
        table.insert(tokens, token)
    end
end

function delay()
    return pause
end

function request()
    local body = fill(template, values_of(next_number, persons))
    local headers = {
        ["Content-Type"] = "application/json",
        ["Authorization"] = "Bearer " .. tokens[next_number % #tokens + 1],
    }
    next_number = next_number + 1
    return wrk.format("POST", "/v1/entries", headers, body)
end

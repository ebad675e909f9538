-- A look-up by message ID in each request. Arguments: a seed, how many numbers there are.

dofile("number.lua")

function init(arguments)
    math.randomseed(tonumber(arguments[1]))
    numbers = tonumber(arguments[2])
end

function request()
    local n = math.random(0, numbers - 1)
    -- "<", "@" and ">" are percent-encoded, as a careful client does.
    local path = string.format("/v1/entries?message_id=%%3C%d.%d%%40mail.acme.example%%3E", spread_of(n), n)
    return wrk.format("GET", path)
end

-- A domain to be checked in each request, one after the other. Arguments: the first number, how many domains there are,
-- the zone that they lie in, the selector of their key, an address that sends for them.

dofile("number.lua")

function init(arguments)
    next_number, count = tonumber(arguments[1]), tonumber(arguments[2])
    template = string.format('{"identity":"d%%d.%s","selectors":["%s"],"addresses":["%s"]}', arguments[3], arguments[4],
        arguments[5])
    headers = { ["Content-Type"] = "application/json", ["Authorization"] = wrk.headers["Authorization"] }
end

function request()
    local body = string.format(template, next_number % count)
    next_number = next_number + 1
    return wrk.format("POST", "/v1/verifications/identity", headers, body)
end

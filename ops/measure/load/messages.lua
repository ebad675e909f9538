-- A mail to be verified in each request, one after the other. Arguments: the folder that holds them, how many there
-- are.

dofile("number.lua")

function init(arguments)
    mails, next_number = {}, 0
    for number = 0, tonumber(arguments[2]) - 1 do
        local file = assert(io.open(string.format("%s/%d.eml", arguments[1], number), "rb"))
        table.insert(mails, file:read("*a"))
        file:close()
    end
    headers = { ["Content-Type"] = "message/rfc822", ["Authorization"] = wrk.headers["Authorization"] }
end

function request()
    next_number = next_number % #mails + 1
    return wrk.format("POST", "/v1/verifications/message", headers, mails[next_number])
end

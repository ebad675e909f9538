-- A sender within a span of time in each request. Arguments: a seed, a file with a span in each line as `from to`.

dofile("number.lua")

function init(arguments)
    math.randomseed(tonumber(arguments[1]))
    spans = {}
    for line in io.lines(arguments[2]) do
        table.insert(spans, line)
    end
end

function request()
    local from, to = spans[math.random(#spans)]:match("(%S+) (%S+)")
    return wrk.format("GET", string.format(
        "/v1/entries?sender=agent%d%%40acme.example&from=%s&to=%s", math.random(0, SENDERS - 1), from, to))
end

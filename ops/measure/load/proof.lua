-- A proof in each request, drawn at random. Arguments: a seed, the tree's size, `inclusion` or `consistency`.

dofile("number.lua")

function init(arguments)
    math.randomseed(tonumber(arguments[1]))
    size, kind = tonumber(arguments[2]), arguments[3]
end

function request()
    if kind == "inclusion" then
        return wrk.format("GET", string.format("/v1/entries/%d/proof", math.random(0, size - 1)))
    end
    local from = math.random(1, size)
    return wrk.format("GET", string.format("/v1/consistency?from=%d&to=%d", from, math.random(from, size)))
end

-- A proof in each request, drawn at random. Arguments: a seed, the tree's size, `inclusion`, `receipt` or `consistency`.

dofile("number.lua")

function init(arguments)
    math.randomseed(tonumber(arguments[1]))
    size, kind = tonumber(arguments[2]), arguments[3]
end

function request()
    if kind ~= "consistency" then
        local what = kind == "receipt" and "receipt" or "proof"
        return wrk.format("GET", string.format("/v1/entries/%d/%s", math.random(0, size - 1), what))
    end
    local from = math.random(1, size)
    return wrk.format("GET", string.format("/v1/consistency?from=%d&to=%d", from, math.random(from, size)))
end

-- The values of entry number n, as entries.py has them.

PRIME = 67108859
SPREAD = 41475557
SENDERS = 200
ENTRIES_PER_RUN = 3

function spread_of(n)
    return n % PRIME * SPREAD % PRIME
end

function values_of(n, persons)
    local spread = spread_of(n)
    return {
        n = n, spread = spread, sender = spread % SENDERS, person = spread % persons,
        run = math.floor(n / ENTRIES_PER_RUN), minute = math.floor(n / 60) % 60, second = n % 60,
        micro = spread % 1000000,
    }
end

-- Fills a template that has Python's %(name)d for each value.
function fill(template, values)
    return (template:gsub("%%%((%a+)%)(%d*d)", function(name, form)
        return string.format("%" .. form, values[name])
    end))
end

-- The shares of the answers in the buckets of histogram.py, as `bucket:share,...`: from a thousand quantiles, with ten
-- in the last thousandth, for wrk takes longer over single values.
function histogram_of(latency)
    local shares = {}
    local function add(quantile, share)
        local ms = math.max(latency:percentile(quantile) / 1e3, 0.001)
        local bucket = math.ceil(4 * math.log(ms) / math.log(2))
        shares[bucket] = (shares[bucket] or 0) + share
    end
    for i = 0, 998 do add((i + 0.5) / 10, 1e-3) end
    for i = 0, 9 do add(99.9 + (i + 0.5) / 100, 1e-4) end
    local found = {}
    for bucket, share in pairs(shares) do table.insert(found, string.format("%d:%.4f", bucket, share)) end
    return table.concat(found, ",")
end

-- What wrk has measured, as one line that wrk.py reads.
function done(summary, latency, requests)
    local faults = summary.errors
    io.write(string.format(
        "measured count=%d seconds=%.6f p50=%.4f p75=%.4f p90=%.4f p99=%.4f p999=%.4f max=%.4f faults=%d refused=%d " ..
        "histogram=%s\n",
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(75) / 1e3,
        latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, latency.max / 1e3,
        faults.connect + faults.read + faults.write + faults.timeout, faults.status, histogram_of(latency)))
end

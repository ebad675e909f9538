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

-- What wrk has measured, as one line that wrk.py reads.
function done(summary, latency, requests)
    local faults = summary.errors
    io.write(string.format(
        "measured count=%d seconds=%.6f p50=%.4f p75=%.4f p90=%.4f p99=%.4f p999=%.4f max=%.4f faults=%d refused=%d\n",
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(75) / 1e3,
        latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, latency.max / 1e3,
        faults.connect + faults.read + faults.write + faults.timeout, faults.status))
end

import Hummingbird
import Ledger
import LedgerStore

/// `GET /v1/stats`: counts of entries over time.
struct StatsController: Sendable {
    let store: LedgerStore

    var routes: [Route] { [Route(.get, "/v1/stats", .read, stats)] }

    private func stats(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let dimensions = try query.choices("by", of: Stats.Dimension.self) ?? [.kind, .outcome]
        let bucket = try query.choice("bucket", of: Stats.Bucket.self) ?? .day
        let from = try query.one("from", Self.fullHour)
        let to = try query.one("to", Self.fullHour)
        try query.requireNothingElse()
        let stats = try await store.stats(of: caller.ledger, by: dimensions, bucket: bucket, from: from, to: to)
        guard !stats.isTruncated else {
            throw Refusal(
                .tooMany,
                "this makes more than \(LedgerStore.countsMax) counts: take a shorter time, a longer bucket "
                    + "or fewer dimensions", limit: LedgerStore.countsMax)
        }
        return JSONWriter.answer { writer in
            writer.member("size", stats.size)
            writer.name("buckets")
            writer.array { writer in
                var rest = stats.counts[...]
                while let start = rest.first?.start {
                    let bucket = rest.prefix { $0.start == start }
                    rest = rest.dropFirst(bucket.count)
                    writer.bucket(start, bucket, dimensions)
                }
            }
        }
    }

    private static func fullHour(_ text: String) throws(Refusal) -> Timestamp {
        guard text.hasSuffix(":00:00Z"), let moment = Timestamp(claimed: text) else {
            throw Refusal(.invalidParameter, "expected a full hour in UTC such as 2026-11-22T10:00:00Z")
        }
        return moment
    }
}

extension JSONWriter {
    fileprivate mutating func bucket(
        _ start: Timestamp, _ counts: ArraySlice<Stats.Count>, _ dimensions: [Stats.Dimension]
    ) {
        object { writer in
            writer.member("start", "\(start.text.prefix(19))Z")
            writer.name("counts")
            writer.array { writer in
                for count in counts {
                    writer.object { writer in
                        for (dimension, value) in zip(dimensions, count.values) {
                            if let value { writer.member(dimension.rawValue, value) }
                        }
                        writer.member("count", count.count)
                    }
                }
            }
        }
    }
}

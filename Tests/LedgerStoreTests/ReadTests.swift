import Ledger
import Postgres
import PostgresTesting
import Testing

@testable import LedgerStore

@Suite struct `Reading` {
    @Test func `a span of time is cut to the entry, wherever in the hour it lies`() async throws {
        try await TestStore.run { test in
            var placed: [Placed] = []
            for request in 0..<100 {
                let elements = (0..<20).map { number in
                    #"{"kind":"send","outcome":"sent","sender":"a\#(number % 4)@b","data":{"request":\#(request)}}"#
                }
                placed += try await test.store.append(
                    try test.unit(elements), to: test.ledger, deadline: TestStore.soon)
            }
            for _ in 0..<40 {
                let times = [placed.randomElement(), placed.randomElement()].compactMap { $0?.recordedAt }.sorted()
                var query = EntryQuery()
                query.from = times[0]
                query.to = times[1]
                let within = placed.filter { $0.recordedAt >= times[0] && $0.recordedAt < times[1] }.map(\.seq)
                #expect(try await seqs(query, test) == Array(within.prefix(1_000)))
                #expect(try await seqs(query, test, .descending) == Array(within.reversed().prefix(1_000)))
                query.senders = ["a1@b"]
                #expect(try await seqs(query, test) == within.filter { ($0 - 1) % 4 == 1 })
                let range = try await test.store.range(
                    of: test.ledger, from: query.from, to: query.to, size: placed.count + 1)
                let lines = try await test.store.lines(
                    of: test.ledger, in: range, from: query.from, to: query.to)
                #expect(lines.count == within.count)
            }
        }
    }

    private func seqs(
        _ query: EntryQuery, _ test: TestStore, _ order: EntryQuery.Order = .ascending
    ) async throws -> [Int] {
        try await test.store.page(of: test.ledger, query, order: order, limit: 1_000, disclosures: false)
            .entries.map(\.seq)
    }

    @Test func `counts by day are the sums of the counts by hour, whatever the bounds`() async throws {
        try await TestStore.run { test in
            // A ledger of counts alone: three days and the ends of two more.
            let origin = try Origin("counts.example/mail")
            let other = StoredLedger(id: origin.ledgerID, origin: origin, keys: test.ledger.keys)
            try await fillCounts(of: other, test)
            let first = Timestamp(microseconds: 1_767_225_600_000_000)  // 2026-01-01T00:00:00Z
            let bounds: [(low: Int?, high: Int?)] = [
                (nil, nil), (0, 72), (5, 72), (5, 67), (24, 48), (25, 47), (25, 71), (23, 25), (7, 7), (nil, 30),
                (30, nil),
            ]
            for (low, high) in bounds {
                let from = low.map { first.adding(hours: $0) }
                let to = high.map { first.adding(hours: $0) }
                for bucket in [Stats.Bucket.day, .month] {
                    let byDay = try await test.store.stats(
                        of: other, by: [.kind, .outcome], bucket: bucket, from: from, to: to)
                    // With the sender among the dimensions, hours are counted.
                    let byHour = try await test.store.stats(
                        of: other, by: [.kind, .outcome, .sender], bucket: bucket, from: from, to: to)
                    #expect(sums(byDay) == sums(byHour), "\(low ?? -1) to \(high ?? -1)")
                }
            }
        }
    }

    private func fillCounts(of ledger: StoredLedger, _ test: TestStore) async throws {
        let superuser = try await Connection.open(
            TestCluster.shared.target(database: test.target.database ?? ""), deadline: TestStore.soon)
        _ = try await superuser.pipeline(
            [
                """
                INSERT INTO countersign.ledgers
                VALUES (\(ledger.id), \(ledger.origin.text), repeat('a', 16)::bytea, repeat('b', 16)::bytea)
                """,
                "INSERT INTO countersign.heads VALUES (\(ledger.id), 1, sha256('x'))",
                """
                INSERT INTO countersign.rollups (ledger_id, hour, sender, kind, oversight_mode, outcome, via, count)
                SELECT \(ledger.id), timestamptz '2026-01-01 00:00Z' + h * interval '1 hour', 's' || s || '@b', 'send',
                    '', (ARRAY['sent', 'held'])[1 + s % 2], 'ingest', 1 + abs(h * 7 + s) % 5
                FROM generate_series(-3, 75) AS h, generate_series(1, 5) AS s
                """,
                """
                INSERT INTO countersign.daily_rollups (ledger_id, day, kind, oversight_mode, outcome, via, count)
                SELECT ledger_id, date_trunc('day', hour, 'UTC'), kind, oversight_mode, outcome, via, sum(count)
                FROM countersign.rollups WHERE ledger_id = \(ledger.id) GROUP BY 1, 2, 3, 4, 5, 6
                """,
            ], deadline: TestStore.soon)
        await superuser.close()
    }

    private func sums(_ stats: Stats) -> [String: Int] {
        var sums: [String: Int] = [:]
        for count in stats.counts {
            sums["\(count.start.text) \(count.values[0] ?? "") \(count.values[1] ?? "")", default: 0] += count.count
        }
        return sums
    }
}

extension Timestamp {
    fileprivate func adding(hours: Int) -> Timestamp {
        Timestamp(microseconds: microseconds + Int64(hours) * Self.microsecondsPerHour)
    }
}

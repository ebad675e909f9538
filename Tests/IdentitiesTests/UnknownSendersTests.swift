import Identities
import Ledger
import LedgerStore
import Postgres
import Testing

@Suite struct `Reports held against the ledger` {
    private static let settings =
        #"{"addresses":["192.0.2.1","2001:db8::25"],"selectors":["s1"],"signing_domain":"mail.example"}"#

    private func unknown(_ test: ReportStore, _ rows: [ReportXML.Row]) async throws -> UnknownSenders {
        try await test.setIdentity("billing@acme.example", Self.settings)
        try await test.receive(ReportXML(rows: rows).text)
        return try await test.stored.unknownSenders(of: test.ledger, ReportFilter())
    }

    @Test func `show who sends in our name without being ours`() async throws {
        try await ReportStore.run { test in
            let spoof = ReportXML.Row(source: "203.0.113.66", count: 40, disposition: "reject")
            let found = try await unknown(
                test, [.init(count: 5, spf: "pass"), .init(source: "2001:DB8:0::25", count: 2), spoof])
            #expect(found.sources.map(\.sourceIP) == ["203.0.113.66"])
            let source = try #require(found.sources.first)
            #expect((source.count, source.aligned, source.headerFrom) == (40, 0, "acme.example"))
            #expect(source.dispositions.map(\.name) == ["reject"])
            #expect(source.receivers == ["receiver.example"])
            #expect(source.firstDay.date == "2023-11-15")
            #expect(found.days.map(\.reported) == [7])
        }
    }

    @Test func `take mail that was forwarded for ours by its signature, and not the rest of its source`() async throws {
        try await ReportStore.run { test in
            let forwarder = "198.51.100.7"
            let signed = ReportXML.Row(source: forwarder, count: 3, dkim: "pass", signature: ("S1", "Mail.Example"))
            let found = try await unknown(
                test,
                [
                    signed, .init(source: forwarder, count: 9),
                    .init(source: forwarder, count: 2, dkim: "fail", signature: ("s1", "mail.example")),
                    .init(source: "198.51.100.8", count: 1, dkim: "pass", signature: ("s2", "mail.example")),
                ])
            #expect(found.sources.map(\.count) == [11, 1])
            #expect(found.days.map(\.reported) == [3])
        }
    }

    @Test func `let an identity stand for its domain and what lies below, and for nothing else`() async throws {
        try await ReportStore.run { test in
            let found = try await unknown(
                test,
                [
                    .init(headerFrom: "news.acme.example"), .init(headerFrom: "notacme.example"),
                    .init(headerFrom: "example"),
                ])
            #expect(Set(found.sources.map(\.headerFrom)) == ["notacme.example", "example"])
            #expect(found.days.map(\.headerFrom) == ["news.acme.example"])
        }
    }

    @Test func `show the days on which more is reported than recorded`() async throws {
        try await ReportStore.run { test in
            try await test.setIdentity("acme.example", #"{"addresses":["192.0.2.1"]}"#)
            let today = ReportStore.now().day.microseconds / 1_000_000
            try await test.receive(ReportXML(begin: today, rows: [.init(count: 10)]).text)
            for (hour, outcome, count) in [(0, "sent", 3), (23, "sent", 4), (12, "delivered", 2), (24, "sent", 90)] {
                _ = try await test.sql(
                    """
                    INSERT INTO countersign.rollups (
                        ledger_id, hour, sender, kind, oversight_mode, outcome, via, count)
                    VALUES (\(test.ledger.id), to_timestamp(\(today + Int64(hour * 3600))), 'a@acme.example', 'send',
                        '', \(outcome), 'ingest', \(count))
                    """)
            }
            let found = try await test.stored.unknownSenders(of: test.ledger, ReportFilter())
            #expect(found.sources.isEmpty)
            #expect(found.days.map(\.reported) == [10])
            #expect(found.days.map(\.recorded) == [7])
            #expect(found.days.map(\.excess) == [3])
            _ = try await test.sql("DELETE FROM countersign.rollups WHERE kind = 'send'")
        }
    }
}

import Cryptography
import Identities
import Ledger
import LedgerStore
import Postgres
import PostgresTesting
import Testing

@Suite struct `A DMARC report that is handed in` {
    @Test func `is one entry with what it says as a whole, and its rows beside it`() async throws {
        try await ReportStore.run { test in
            let rows = [ReportXML.Row(count: 3, dkim: "pass"), .init(source: "2001:db8::1", count: 4)]
            let received = try await test.receive(ReportXML(rows: rows).text)
            #expect(received.record.outcome == "accepted")
            #expect(received.record["messages"]?.number == 7)
            #expect(received.record["aligned"]?.number == 3)
            let found = try #require(
                try await test.stored.report(of: test.ledger, seq: received.record.seq, limit: 10, cursor: nil))
            #expect(found.rows.map(\.count) == [3, 4])
            var hash = IncrementalSHA256()
            for row in found.rows { hash.update((row.json + [0x0A]).span) }
            #expect(found.record["rows_sha256"]?.text == hash.digest.hex)
            let entry = try #require(
                try await test.store.entry(of: test.ledger, seq: received.record.seq, disclosures: false))
            #expect(entry.line.contains(#""via":"service""#))
        }
    }

    @Test func `is written once, however often and in whatever bytes it comes`() async throws {
        try await ReportStore.run { test in
            let first = try await test.receive(ReportXML().text)
            let again = try await test.receive(ReportXML().text + "\n<!-- sent again -->")
            #expect(!first.isReplayed && again.isReplayed)
            #expect(again.record.standing?.differs == false)
            #expect(again.record.seq == first.record.seq)
            let other = try await test.receive(ReportXML(id: "2").text)
            #expect(!other.isReplayed)
            let stats = try await test.stored.stats(of: test.ledger, by: [.headerFrom], ReportFilter())
            #expect(stats.groups.map(\.count) == [2])
        }
    }

    @Test func `holds its names in A-labels`() async throws {
        try await ReportStore.run { test in
            var report = ReportXML(rows: [
                .init(headerFrom: "BÜCHER.example", signature: ("schlüssel", "bücher.example"))
            ])
            report.policyDomain = "bücher.example"
            let received = try await test.receive(report.text)
            #expect(received.record["policy_domain"]?.text == "xn--bcher-kva.example")
            let found = try await test.stored.report(of: test.ledger, seq: received.record.seq, limit: 1, cursor: nil)
            let row = String(decoding: try #require(found?.rows.first).json, as: UTF8.self)
            #expect(row.contains(#""header_from":"xn--bcher-kva.example""#), "\(row)")
            #expect(row.contains(#""domain":"xn--bcher-kva.example","result":"pass","selector":"xn--schlssel-95a""#))
            report.policyDomain = "xn--bcher-kva.example"
            #expect(try await test.receive(report.text).isReplayed)
        }
    }

    @Test func `and was rejected loses its beginning with the person whom it spells, however it spells him`()
        async throws
    {
        try await ReportStore.run { test in
            let spellings = [
                "To: ΝΙΚΟΣ@BÜCHER.example", "x=\"νικος@xn--BCHER-kva.example\"", "νικοσ@bu\u{308}cher.example",
                "Νίκη Strauß <νικη+STRAUSS.a@bücher.example>", "νικη@bücher.example", "ασ@bücher.example",
            ]
            for text in spellings { _ = try await test.receive("\u{0}\\\(text)\u{1}\u{ff}") }
            func erase(_ subject: String) async throws -> [Bool] {
                _ = try await test.store.erase(
                    try ErasureRequest(subject: try Address(subject), legalBasis: "a wish", requester: "the person"),
                    in: test.ledger, reporter: Reporter(id: "test", via: .operator), timeout: .seconds(20))
                return try await test.sql("SELECT head IS NULL FROM countersign.dmarc_reports ORDER BY seq")
                    .map { try $0.bool(0) }
            }
            #expect(try await erase("Νικοσ@bücher.example") == [true, true, true, false, false, false])
            #expect(try await erase("νικη+strauß.A@xn--bcher-kva.example") == [true, true, true, true, false, false])
            #expect(try await erase("νικ.@bücher.example") == [true, true, true, true, false, false])
        }
    }

    @Test func `by many at once is one report`() async throws {
        try await ReportStore.run { test in
            let received = try await withThrowingTaskGroup(of: ReceivedReport.self) { tasks in
                for _ in 0..<8 { tasks.addTask { try await test.receive(ReportXML().text) } }
                var all: [ReceivedReport] = []
                for try await each in tasks { all.append(each) }
                return all
            }
            #expect(received.count { !$0.isReplayed } == 1)
            #expect(Set(received.map(\.record.seq)).count == 1)
            let stats = try await test.stored.stats(of: test.ledger, by: [.sourceIP], ReportFilter())
            #expect(stats.groups.map(\.count) == [1])
        }
    }

    @Test func `and cannot be read is recorded as rejected, once, with its beginning`() async throws {
        try await ReportStore.run { test in
            let bomb = "<!DOCTYPE a>" + ReportXML().text
            let first = try await test.receive(bomb)
            #expect(first.record.outcome == "rejected")
            #expect(first.record["reason"]?.text == "document_type")
            #expect(try await test.receive(bomb).isReplayed)
            let head = try await test.sql("SELECT head FROM countersign.dmarc_reports").one().bytes(0)
            #expect(head == Array(bomb.utf8))
            let stats = try await test.stored.stats(of: test.ledger, by: [.sourceIP], ReportFilter())
            #expect(stats.groups.isEmpty)
        }
    }

    @Test func `belongs to its ledger alone`() async throws {
        try await ReportStore.run { test in
            let other = try await ReportStore.makeLedger("beta.example/mail", in: test.store)
            let received = try await test.receive(ReportXML().text)
            let theirs = try await test.receive(ReportXML(rows: [.init(count: 50)]).text, into: other)
            #expect(!theirs.isReplayed)
            let own = try await test.stored.stats(of: test.ledger, by: [.headerFrom], ReportFilter())
            #expect(own.groups.map(\.count) == [1])
            let page = try await test.stored.page(of: other, ReportFilter(), limit: 10, cursor: nil)
            #expect(page.reports.count == 1)
            _ = try await test.receive(ReportXML(id: "2").text)
            let seq = received.record.seq + 1
            #expect(try await test.stored.report(of: test.ledger, seq: seq, limit: 1, cursor: nil) != nil)
            #expect(try await test.stored.report(of: other, seq: seq, limit: 1, cursor: nil) == nil)
        }
    }

    @Test func `survives a connection that is cut before and after its commit`() async throws {
        try await ReportStore.run(throughProxy: true) { test in
            let proxy = try #require(test.proxy)
            for (id, cut) in [("before", CuttingProxy.Cut.beforeWrite), ("after", .afterCommit)] {
                proxy.cutOnce(cut)
                let received = try await test.receive(ReportXML(id: id).text)
                #expect(!received.isReplayed)
                #expect(try await test.receive(ReportXML(id: id).text).isReplayed)
            }
            #expect(proxy.cuts == 2)
            let stats = try await test.stored.stats(of: test.ledger, by: [.headerFrom], ReportFilter())
            #expect(stats.groups.map(\.count) == [2])
        }
    }

    @Test func `is listed newest first, page by page`() async throws {
        try await ReportStore.run { test in
            for number in 0..<5 { try await test.receive(ReportXML(id: "\(number)").text) }
            var seqs: [Int] = []
            var cursor: String?
            repeat {
                let page = try await test.stored.page(of: test.ledger, ReportFilter(), limit: 2, cursor: cursor)
                seqs += page.reports.map(\.seq)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seqs == [5, 4, 3, 2, 1])
            let first = try await test.stored.page(of: test.ledger, ReportFilter(), limit: 2, cursor: nil)
            await #expect(throws: StoreError(.invalidCursor, "")) {
                var other = ReportFilter()
                other.policyDomain = "acme.example"
                _ = try await test.stored.page(of: test.ledger, other, limit: 2, cursor: first.nextCursor)
            }
        }
    }

    @Test func `with counts beyond all measure sums up to the largest number, not beyond`() async throws {
        try await ReportStore.run(staysIntact: false) { test in
            let most: Int64 = 9_007_199_254_740_991
            for number in 0..<3 {
                try await test.receive(ReportXML(id: "\(number)", rows: [.init(spf: "pass")]).text)
            }
            // No report is taken in that says as much.
            _ = try await test.sql(
                "SET session_replication_role = replica",
                then: "UPDATE countersign.dmarc_report_rows SET count = \(most)")
            let stats = try await test.stored.stats(of: test.ledger, by: [.alignment], ReportFilter())
            #expect(stats.groups.map(\.count) == [Int(most)])
            #expect(stats.groups.map(\.aligned) == [Int(most)])
            #expect(try await test.stored.unknownSenders(of: test.ledger, ReportFilter()).sources.count == 1)
        }
    }

    @Test func `of the end of time is stored and asked about`() async throws {
        try await ReportStore.run { test in
            try await test.receive(ReportXML(begin: 9_007_199_254_000_000).text)
            let unknown = try await test.stored.unknownSenders(of: test.ledger, ReportFilter())
            #expect(unknown.sources.first?.firstDay.date == "9999-12-31")
            let reader: Statement = "INSERT INTO countersign.readers VALUES (\(test.ledger.id), 'postgres')"
            #expect(try await test.sql(reader, then: "SELECT begins FROM read.dmarc_reports").count == 1)
        }
    }
}

@Suite struct `Rows of a DMARC report` {
    @Test func `that no report names are seen by nobody, and only those can go`() async throws {
        try await ReportStore.run { test in
            try await test.receive(ReportXML().text)
            let old = Int64(1_600_000_000) << 30
            for upload in [old, Int64(4_000_000_000) << 30] {
                _ = try await test.sql(
                    """
                    INSERT INTO countersign.dmarc_report_rows (ledger_id, upload, row, count)
                    VALUES (\(test.ledger.id), \(upload), 0, 1000)
                    """)
            }
            let stats = try await test.stored.stats(of: test.ledger, by: [.sourceIP], ReportFilter())
            #expect(stats.groups.map(\.count) == [1])
            let gone = try await test.sql("DELETE FROM countersign.dmarc_report_rows WHERE upload = \(old)")
            #expect(gone.affected == 1)
            for statement: Statement in [
                "DELETE FROM countersign.dmarc_report_rows", "DELETE FROM countersign.dmarc_reports",
                "UPDATE countersign.dmarc_report_rows SET count = 5", "TRUNCATE countersign.dmarc_report_rows",
                "UPDATE countersign.dmarc_reports SET messages = 5", "TRUNCATE countersign.dmarc_reports",
            ] {
                await #expect(throws: PostgresError(.server("42501"), "")) { _ = try await test.sql(statement) }
            }
        }
    }
}

@Suite struct `The check of DMARC reports` {
    private static let otherRows = "its rows are not those of the entry"
    /// Statements of a superuser, and what the check says of them.
    private static let tamperings: [(Statement, String)] = [
        ("UPDATE countersign.dmarc_report_rows SET count = count + 1 WHERE row = 1", otherRows),
        ("UPDATE countersign.dmarc_report_rows SET source_ip = '192.0.2.99' WHERE row = 0", otherRows),
        ("DELETE FROM countersign.dmarc_report_rows WHERE row = 1", otherRows),
        (
            "UPDATE countersign.dmarc_report_rows SET signers = 's9._domainkey.acme.example' WHERE row = 0",
            "the signers of a row are not those of its results"
        ),
        ("UPDATE countersign.dmarc_reports SET aligned = 2", "the column of aligned is not what the entry says"),
        ("UPDATE countersign.dmarc_reports SET org_name = 'x'", "the column of org_name is not what the entry says"),
        ("UPDATE countersign.dmarc_reports SET trust = 'carrier'", "the column of trust is not what the entry says"),
        (
            "UPDATE countersign.dmarc_reports SET receiver = 'other.example'",
            "the column of receiver is not what the entry says"
        ),
        (
            "UPDATE countersign.dmarc_reports SET receiver_claimed = false",
            "the column of receiver_claimed is not what the entry says"
        ),
        (
            "UPDATE countersign.dmarc_reports SET report = substr(sha256('x'), 1, 16)",
            "it is found as another report than the entry says"
        ),
        (
            "UPDATE countersign.dmarc_reports SET rows_sha256 = sha256('x')",
            "the column of rows_sha256 is not what the entry says"
        ),
        ("UPDATE countersign.dmarc_reports SET seq = 0", "no entry of a report stands there"),
        ("UPDATE countersign.dmarc_reports SET upload = NULL", "its row names no rows, and the entry does"),
        ("UPDATE countersign.dmarc_report_rows SET row = 7 WHERE row = 1", "a row is missing, or has another number"),
        (
            // The same bytes for the digest.
            """
            UPDATE countersign.dmarc_report_rows
            SET reasons = '[],"source_ip":"' || host(source_ip) || '","spf":"' || spf || '"',
                source_ip = NULL, spf = NULL
            WHERE row = 1
            """, "a row cannot be read, or is not in canonical form"
        ),
        (
            "UPDATE countersign.dmarc_report_rows SET source_ip = '192.0.2.0/24' WHERE row = 1",
            "a row cannot be read, or is not in canonical form"
        ),
    ]

    @Test func `names what was changed in the tables beside the entry`() async throws {
        for (statement, reason) in Self.tamperings {
            try await ReportStore.run(staysIntact: false) { test in
                let signed = ReportXML.Row(dkim: "pass", signature: ("s1", "acme.example"))
                try await test.receive(ReportXML(rows: [signed, .init(count: 2)]).text)
                let before = try await test.stored.check(test.ledger)
                #expect((before.reports, before.rows) == (1, 2))
                #expect(before.findings.isEmpty, "\(before.findings)")
                _ = try await test.sql("SET session_replication_role = replica", then: statement)
                let after = try await test.stored.check(test.ledger)
                #expect(after.findings.map(\.reason) == [reason])
            }
        }
    }
}

import Ledger
import LedgerStore
import Observation
import Postgres
import PostgresTesting
import Testing

@Suite struct `An erasure` {
    private static let jane = "Jane@customer.example"

    private static func send(to recipients: String, _ more: String = "") -> String {
        #"{"kind":"send","outcome":"sent","personal":{"recipient":\#(recipients),"subject":"for Jane"}\#(more)}"#
    }

    private static func wish(_ subject: String = jane) throws -> ErasureRequest {
        try ErasureRequest(subject: try Address(subject), legalBasis: "a wish", requester: "the person")
    }

    @discardableResult
    private static func erase(_ test: TestStore, _ subject: String = jane) async throws -> Erasure {
        let outcome = try await test.store.erase(
            try wish(subject), in: test.ledger, reporter: TestStore.operatorReporter, timeout: .seconds(20))
        switch outcome {
        case .erased(let erasure): return erasure
        case .held(let holds, _): throw StoreError(.internal, "held by \(holds)")
        }
    }

    private static func execute(_ test: TestStore, _ statement: Statement) async throws {
        var target = test.target
        target.set("role", to: "none")
        target.set("session_replication_role", to: "replica")
        let connection = try await Connection.open(target, deadline: TestStore.soon)
        _ = try await connection.query(statement, deadline: TestStore.soon)
        await connection.close()
    }

    @Test func `lists what it touched, and leaves the others of an entry`() async throws {
        try await TestStore.run { test in
            let both = try await test.append(Self.send(to: #"["\#(Self.jane)","joe@customer.example"]"#))[0].seq
            try await test.append(Self.send(to: #""joe@customer.example""#))
            let own = try await test.append(Self.send(to: #""\#(Self.jane)""#))[0].seq
            let erasure = try await Self.erase(test)
            #expect(erasure.seqs == SeqRanges(ascending: [both, own]))
            let left = try #require(
                try await test.store.entry(of: test.ledger, seq: both, disclosures: true))
            #expect(left.erasedBy == erasure.erasedBy.first)
            #expect(left.disclosures.compactMap(\.content).map(\.value["address"]?.text) == ["joe@customer.example"])
            let gone = try #require(try await test.store.entry(of: test.ledger, seq: own, disclosures: true))
            #expect(gone.disclosures.isEmpty && gone.erasedBy == erasure.erasedBy.first)
            #expect(try await test.store.verify(test.ledger, VerificationOptions(since: own)).isIntact)
        }
    }

    @Test func `finds a person in whatever letters the address was written`() async throws {
        try await TestStore.run { test in
            let sender = #","sender":"ΝΙΚΟΣ@BÜCHER.example""#
            let own = try await test.append(Self.send(to: #""ΝΙΚΟΣ@BÜCHER.example""#, sender))[0].seq
            let both = try await test.append(
                Self.send(to: #"["Νικοσ@xn--bcher-kva.example","νικη@bücher.example","Νικος@bücher.example"]"#))[0].seq
            for name in ["νικος@bücher.example", "νικοσ@xn--bcher-kva.example"] {
                var query = EntryQuery()
                query.recipients = [try Address(name).lookupForm]
                let page = try await test.store.page(of: test.ledger, query, limit: 10, disclosures: false)
                #expect(page.entries.map(\.seq) == [own, both])
            }
            #expect(try await test.store.verify(test.ledger).isIntact)
            let erasure = try await Self.erase(test, "νικος@bu\u{308}cher.example")
            #expect(erasure.foundSubject && erasure.seqs == SeqRanges(ascending: [own, both]))
            let left = try #require(try await test.store.entry(of: test.ledger, seq: both, disclosures: true))
            #expect(
                left.disclosures.compactMap(\.content).map(\.value["address"]?.text) == ["νικη@xn--bcher-kva.example"])
        }
    }

    @Test func `of somebody whom the ledger never met says so, and is recorded all the same`() async throws {
        try await TestStore.run { test in
            let erasure = try await Self.erase(test, "nobody@customer.example")
            #expect(!erasure.foundSubject && erasure.seqs.isEmpty && erasure.erasedBy.count == 1)
            try await test.append(Self.send(to: #""\#(Self.jane)""#))
            #expect(try await Self.erase(test).foundSubject)
            #expect(try await !Self.erase(test).foundSubject, "whoever was erased is not known any more")
        }
    }

    @Test func `of many entries takes several, the last of which forgets the person`() async throws {
        try await TestStore.run { test in
            // Every other entry is somebody else's, so that no two ranges meet.
            for _ in 0..<6 {
                let elements = (0..<1_000).flatMap { _ in
                    [Self.send(to: #""\#(Self.jane)""#), #"{"kind":"send","outcome":"sent"}"#]
                }
                _ = try await test.store.append(try test.unit(elements), to: test.ledger, deadline: TestStore.soon)
            }
            let erasure = try await Self.erase(test)
            #expect(erasure.seqs.count == 6_000)
            #expect(erasure.erasedBy.count == 4)
            var more: [Bool] = []
            for seq in erasure.erasedBy {
                let entry = try #require(try await test.store.entry(of: test.ledger, seq: seq, disclosures: false))
                more.append(entry.line.contains(#""more":true"#))
            }
            #expect(more == [true, true, true, false])
            #expect(try await Self.erase(test).seqs.isEmpty, "nobody is known under the address any more")
        }
    }

    @Test func `is noticed where what it should have taken is there`() async throws {
        try await TestStore.run { test in
            let seq = try await test.append(Self.send(to: #""\#(Self.jane)""#))[0].seq
            let before = try #require(try await test.store.entry(of: test.ledger, seq: seq, disclosures: true))
            try await Self.erase(test)
            let joined = before.disclosures.map(\.text).joined(separator: "~")
            try await Self.execute(
                test, "INSERT INTO countersign.disclosures VALUES (\(test.ledger.id), \(seq), \(joined))")
            let left = try await test.store.verify(test.ledger)
            #expect(left.findings.map(\.check) == [.erasure])
            #expect(left.findings.first?.seq == seq)
            try await Self.execute(test, "DELETE FROM countersign.disclosures WHERE seq = \(seq)")
        }
    }

    @Test func `is noticed where values are missing that no entry erased`() async throws {
        try await TestStore.run { test in
            let seq = try await test.append(Self.send(to: #"["\#(Self.jane)","joe@customer.example"]"#))[0].seq
            let before = try #require(try await test.store.entry(of: test.ledger, seq: seq, disclosures: true))
            let first = try #require(before.disclosures.first).text
            try await Self.execute(
                test, "UPDATE countersign.disclosures SET disclosures = \(first) WHERE seq = \(seq)")
            #expect(try await test.store.verify(test.ledger).findings.map(\.check) == [.disclosure])
            let joined = before.disclosures.map(\.text).joined(separator: "~")
            try await Self.execute(
                test, "UPDATE countersign.disclosures SET disclosures = \(joined) WHERE seq = \(seq)")
        }
    }

    @Test func `while others verify leaves them nothing to complain of`() async throws {
        try await TestStore.run { test in
            let elements = (0..<2_000).map { Self.send(to: #""p\#($0 % 40)@customer.example""#) }
            _ = try await test.store.append(try test.unit(elements), to: test.ledger, deadline: TestStore.soon)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    for number in 0..<40 { try await Self.erase(test, "p\(number)@customer.example") }
                }
                for _ in 0..<6 {
                    let report = try await test.store.verify(test.ledger)
                    #expect(report.isIntact, "\(report.findings)")
                }
                try await tasks.waitForAll()
            }
        }
    }

    @Test func `is refused by a hold, and then by nothing once that is released`() async throws {
        try await TestStore.run { test in
            try await test.append(Self.send(to: #""\#(Self.jane)""#, #","message_id":"<m@acme.example>""#))
            let hold = try await test.store.hold(
                .message(try MessageID("m@acme.example")), reason: "a case", reference: "7", in: test.ledger,
                reporter: TestStore.operatorReporter, deadline: TestStore.soon)
            let outcome = try await test.store.erase(
                try Self.wish(), in: test.ledger, reporter: TestStore.operatorReporter, timeout: .seconds(20))
            guard case .held(let holds, let seq) = outcome else {
                Issue.record("nothing stood in the way")
                return
            }
            #expect(holds == [hold.id])
            #expect(seq == hold.placed.seq + 1)
            #expect(test.observations.all.contains(.erasureRefused(ledger: test.ledger.origin.text)))
            _ = try await test.store.releaseHold(
                id: hold.id, in: test.ledger, reporter: TestStore.operatorReporter, deadline: TestStore.soon)
            #expect(try await Self.erase(test).seqs.count == 2, "the refusal is about the person as well")
        }
    }

    @Test func `does not stop for those who write about the person`() async throws {
        try await TestStore.run { test in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<8 {
                    tasks.addTask {
                        for _ in 0..<40 { try await test.append(Self.send(to: #""\#(Self.jane)""#)) }
                    }
                }
                for _ in 0..<10 { try await Self.erase(test) }
                try await tasks.waitForAll()
            }
            try await Self.erase(test)
            var query = EntryQuery()
            query.recipients = [Self.jane.lowercased()]
            let left = try await test.store.page(of: test.ledger, query, limit: 10, disclosures: true)
            #expect(left.entries.isEmpty)
        }
    }

    @Test(arguments: [CuttingProxy.Cut.beforeWrite, .afterCommit])
    func `whose connection is cut is done once`(cut: CuttingProxy.Cut) async throws {
        try await TestStore.run(throughProxy: true) { test in
            let proxy = try #require(test.proxy)
            let seq = try await test.append(Self.send(to: #""\#(Self.jane)""#))[0].seq
            proxy.cutOnce(cut)
            let erasure = try await Self.erase(test)
            #expect(proxy.cuts == 1)
            #expect(erasure.seqs == SeqRanges(ascending: [seq]))
            #expect(erasure.erasedBy == [seq + 1])
            #expect(try await test.store.head(of: test.ledger).size == seq + 2)
        }
    }

    @Test(arguments: [CuttingProxy.Cut.beforeWrite, .afterCommit])
    func `is outranked by a hold whose connection was cut`(cut: CuttingProxy.Cut) async throws {
        try await TestStore.run(throughProxy: true) { test in
            let proxy = try #require(test.proxy)
            proxy.cutOnce(cut)
            let hold = try await test.store.hold(
                .person(try Address(Self.jane)), reason: "a case", reference: "7", in: test.ledger,
                reporter: TestStore.operatorReporter, deadline: TestStore.soon)
            #expect(proxy.cuts == 1)
            #expect(try await test.store.holds(of: test.ledger).map(\.id) == [hold.id])
            try await test.append(Self.send(to: #""\#(Self.jane)""#))
            await #expect(throws: StoreError(.internal, "")) { try await Self.erase(test) }
        }
    }

    @Test func `by age spares what is held`() async throws {
        try await TestStore.run { test in
            let old = try await test.append(Self.send(to: #""a@x.example""#), Self.send(to: #""b@x.example""#))
            try await test.append(#"{"kind":"send","outcome":"sent"}"#)
            let last = try await test.append(Self.send(to: #""c@x.example""#))
            let hold = try await test.store.hold(
                .entries(old[1].seq...old[1].seq), reason: "a case", reference: "7", in: test.ledger,
                reporter: TestStore.operatorReporter, deadline: TestStore.soon)
            let moment = Timestamp(microseconds: hold.placed.recordedAt.microseconds + 1)
            func apply(isDryRun: Bool) async throws -> Retention {
                try await test.store.applyRetention(
                    of: test.ledger, before: moment, isDryRun: isDryRun, reporter: TestStore.operatorReporter,
                    timeout: .seconds(20))
            }
            for isDryRun in [true, false] {
                let retention = try await apply(isDryRun: isDryRun)
                #expect(retention.erasedCount == 2)
                #expect(retention.heldCount == 2, "the entry, and why it is held")
                #expect(retention.erasedBy.isEmpty == isDryRun)
            }
            let again = try await apply(isDryRun: false)
            #expect(again.erasedCount == 0)
            let entry = try #require(
                try await test.store.entry(of: test.ledger, seq: hold.placed.seq + 1, disclosures: false))
            let seqs = "\"seqs\":[\"\(old[0].seq)\",\"\(last[0].seq)\"]"
            #expect(entry.line.contains(seqs), "\(entry.line)")
        }
    }
}

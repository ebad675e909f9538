import Identities
import Ledger
import LedgerStore
import Testing

@Suite struct `Versions of one DMARC report` {
    private let genuine = ReportXML(rows: [.init(count: 2)])
    private let forged = ReportXML(rows: [.init(source: "203.0.113.66", count: 50_000)])

    private func stats(_ test: ReportStore) async throws -> ReportStats {
        try await test.stored.stats(of: test.ledger, by: [.receiver], ReportFilter())
    }

    @Test func `are all kept, and only what somebody vouches for counts`() async throws {
        try await ReportStore.run { test in
            let first = try await test.receive(forged.text, by: .unverified)
            #expect(first.record.standing?.isCounted == false)
            #expect(try await stats(test).groups.isEmpty)
            #expect(try await stats(test).uncounted.unverified.reports == 1)
            #expect(try await stats(test).uncounted.unverified.messages == 50_000)
            let second = try await test.receive(genuine.text, by: .admin)
            #expect(!second.isReplayed)
            let standing = try #require(second.record.standing)
            #expect(standing.isCounted && standing.differs)
            #expect(standing.version == 2)
            #expect(try await stats(test).groups.map(\.count) == [2])
            #expect(try await stats(test).uncounted.unverified.messages == 50_000)
            #expect(try await test.stored.unknownSenders(of: test.ledger, ReportFilter()).sources.map(\.count) == [2])
            let page = try await test.stored.page(of: test.ledger, ReportFilter(), limit: 10, cursor: nil)
            #expect(page.reports.map { $0.standing?.isCounted } == [true, false])
            #expect(page.reports.map { $0.standing?.differs } == [true, true])
        }
    }

    @Test func `with the same rows count once a trusted hand brings them, and are one report`() async throws {
        try await ReportStore.run { test in
            let first = try await test.receive(genuine.text, by: .unverified)
            #expect(try await test.receive(genuine.text, by: .unverified).record.seq == first.record.seq)
            for bringer in [ReportTrust.token, .operator, .admin] {
                let again = try await test.receive(genuine.text, by: bringer)
                #expect(again.isReplayed == (bringer != .token))
                #expect(again.record["trust"]?.text == "token")
                #expect(again.record.standing?.differs == false)
                #expect(again.record.standing?.version == 2)
            }
            let stats = try await stats(test)
            #expect(stats.groups.map(\.count) == [2])
            #expect(stats.uncounted.unverified.reports == 0, "the same rows are vouched for")
            #expect(stats.uncounted.differing.reports == 0)
        }
    }

    @Test func `by two trusted hands: the first counts, and the other is said to differ`() async throws {
        try await ReportStore.run { test in
            try await test.receive(genuine.text, by: .operator)
            let later = try await test.receive(forged.text, by: .admin)
            #expect(later.record.standing?.isCounted == false)
            let stats = try await stats(test)
            #expect(stats.groups.map(\.count) == [2])
            #expect(stats.uncounted.differing.reports == 1)
            #expect(stats.uncounted.differing.messages == 50_000)
            #expect(stats.uncounted.unverified.reports == 0)
        }
    }

    @Test func `have the receiver of their address, whatever name they give themselves`() async throws {
        try await ReportStore.run { test in
            var renamed = genuine
            renamed.orgName = "Another Receiver"
            try await test.receive(genuine.text)
            #expect(try await test.receive(renamed.text).isReplayed)
            var other = genuine
            other.email = "Team &lt;r@other.example&gt;"
            #expect(try await !test.receive(other.text).isReplayed)
            let stats = try await stats(test)
            #expect(Set(stats.groups.map(\.values)) == [["receiver.example"], ["other.example"]])
            #expect(stats.groups.map(\.claimed) == [2, 2])
            var filter = ReportFilter()
            filter.receiver = "other.example"
            #expect(try await test.stored.page(of: test.ledger, filter, limit: 9, cursor: nil).reports.count == 1)
        }
    }

    @Test func `of no address have no receiver, and count as claimed`() async throws {
        try await ReportStore.run { test in
            var nameless = genuine
            nameless.email = "nobody"
            let received = try await test.receive(nameless.text)
            #expect(received.record["receiver"]?.text == nil)
            let groups = try await stats(test).groups
            #expect(groups.map(\.values) == [[nil]])
            #expect(groups.map(\.claimed) == [2])
        }
    }

    @Test func `brought by a mail that nothing authenticates are worth what its bringer is`() async throws {
        try await ReportStore.run { test in
            let mail = genuine.mail(from: "r@receiver.example")
            let received = try await test.receive(mail, by: .unverified)
            #expect(received.record["trust"]?.text == "unverified")
            #expect(received.record.isReceiverClaimed == true)
            #expect(try await test.receive(mail, by: .operator).record.standing?.isCounted == true)
        }
    }

    @Test func `of many at once by many hands count once`() async throws {
        try await ReportStore.run { test in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<12 {
                    let bringer: ReportTrust = number % 3 == 0 ? .admin : .unverified
                    let report = number % 2 == 0 ? genuine : forged
                    tasks.addTask { try await test.receive(report.text, by: bringer) }
                }
                try await tasks.waitForAll()
            }
            let stats = try await stats(test)
            #expect([[2], [50_000]].contains(stats.groups.map(\.count)))
            #expect(stats.uncounted.differing.reports == 1)
            #expect(stats.uncounted.unverified.reports == 0)
        }
    }
}

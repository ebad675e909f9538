import Ledger
import LedgerStore
import Observation
import PostgresTesting
import Testing

/// Every way of writing, cut at every place: before the commit, and after it with the answer lost.
@Suite struct `A cut connection` {
    /// A way of writing: one entry, a group that goes as COPY, entries with keys of their own, one key for all.
    enum Writing: CaseIterable {
        case single, copied, keyed, batchKeyed
    }

    private func elements(_ writing: Writing) -> [String] {
        let count = writing == .copied ? 200 : writing == .single ? 1 : 20
        return (0..<count).map { number in
            let key = writing == .keyed ? #","idempotency_key":"k\#(number)""# : ""
            return #"{"kind":"send","outcome":"sent","message_id":"m\#(number)@a.example"\#(key)}"#
        }
    }

    @Test(arguments: Writing.allCases)
    func `before the commit writes nothing, and the request is tried again`(writing: Writing) async throws {
        try await TestStore.run(throughProxy: true) { test in
            let proxy = try #require(test.proxy)
            let unit = try test.unit(elements(writing), batchKey: writing == .batchKeyed ? "b" : nil)
            proxy.cutOnce(.beforeWrite)
            let placed = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            #expect(proxy.cuts == 1)
            #expect(placed.map(\.seq) == Array(1...unit.items.count))
            #expect(try await test.store.head(of: test.ledger).size == unit.items.count + 1)
        }
    }

    @Test(arguments: Writing.allCases)
    func `after the commit is found out, and nothing is written twice`(writing: Writing) async throws {
        try await TestStore.run(throughProxy: true) { test in
            let proxy = try #require(test.proxy)
            let unit = try test.unit(elements(writing), batchKey: writing == .batchKeyed ? "b" : nil)
            proxy.cutOnce(.afterCommit)
            let placed = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            #expect(proxy.cuts == 1)
            #expect(placed.map(\.seq) == Array(1...unit.items.count))
            #expect(try await test.store.head(of: test.ledger).size == unit.items.count + 1)
            let resolved = test.observations.all.contains(
                .lostCommitResolved(ledger: test.ledger.origin.text, stored: true))
            #expect(resolved)
        }
    }

    @Test func `a token whose grant lost its answer is granted once`() async throws {
        try await TestStore.run(throughProxy: true) { test in
            let proxy = try #require(test.proxy)
            proxy.cutOnce(.afterCommit)
            let granted = try await test.store.grantToken(
                of: test.ledger, TokenTerms(name: "t", scopes: [.read]), reporter: TestStore.operatorReporter,
                deadline: TestStore.soon)
            #expect(proxy.cuts == 1)
            let tokens = try await test.store.tokens(of: test.ledger)
            #expect(tokens.map(\.id) == [granted.grant.id])
            #expect(try await test.store.grant(of: granted.token)?.id == granted.grant.id)
        }
    }

    @Test func `when nothing answers in time, the caller learns whether anything was written`() async throws {
        try await TestStore.run(throughProxy: true) { test in
            let unit = try test.unit(elements(.single))
            await #expect(throws: StoreError(.unavailable, "")) {
                _ = try await test.store.append(unit, to: test.ledger, deadline: .now)
            }
            #expect(try await test.store.head(of: test.ledger).size == 1)
        }
    }
}

import Ledger
import LedgerStore
import Observation
import Postgres
import Testing

/// Requests of one group commit share a transaction, and nothing else.
@Suite struct `A group` {
    private static let good = #"{"kind":"send","outcome":"sent","message_id":"good@a.example"}"#

    /// Appends `units` so that they meet in one group: a slow one ahead keeps the appender busy.
    private func appendTogether(_ units: [AppendUnit], to test: TestStore) async -> [Result<[Placed], StoreError>] {
        await withTaskGroup(of: (Int, Result<[Placed], StoreError>).self) { tasks in
            for (index, unit) in units.enumerated() {
                tasks.addTask {
                    do throws(StoreError) {
                        return (
                            index,
                            .success(try await test.store.append(unit, to: test.ledger, deadline: .now + .seconds(20)))
                        )
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results: [Int: Result<[Placed], StoreError>] = [:]
            for await (index, result) in tasks { results[index] = result }
            return units.indices.compactMap { results[$0] }
        }
    }

    @Test func `a guard that speaks against one unit leaves the others alone`() async throws {
        try await TestStore.run { test in
            let item = try test.unit([Self.good]).items
            let refused = AppendUnit(
                item,
                guards: [
                    .init(reading: [], "SELECT 1") { rows in rows.isEmpty ? nil : StoreError(.notFound, "no such thing")
                    }
                ])
            let results = await appendTogether([refused, AppendUnit(item), AppendUnit(item)], to: test)
            #expect(throws: StoreError(.notFound, "")) { try results[0].get() }
            #expect(try results[1].get().count == 1)
            #expect(try results[2].get().count == 1)
            #expect(try await test.store.head(of: test.ledger).size == 3)
        }
    }

    @Test func `a request that the database refuses by its data fails alone, with an alarm`() async throws {
        try await TestStore.run { test in
            let item = try test.unit([Self.good]).items
            let guilty = AppendUnit(item) { _ in ["SELECT 1 / (count(*) - count(*)) FROM countersign.watermarks"] }
            let results = await appendTogether([AppendUnit(item), guilty, AppendUnit(item)], to: test)
            #expect(throws: StoreError(.internal, "")) { try results[1].get() }
            #expect(try results[0].get().count == 1)
            #expect(try results[2].get().count == 1)
            #expect(try await test.store.head(of: test.ledger).size == 3)
            let alarm = Observation.guiltyRequest(ledger: test.ledger.origin.text, sqlState: "22012")
            #expect(test.observations.all.contains(alarm))
        }
    }

    @Test func `an effect is written with its entries or not at all`() async throws {
        try await TestStore.run { test in
            let grant = try await test.store.grantToken(
                of: test.ledger, TokenTerms(name: "reader", scopes: [.read]),
                reporter: TestStore.operatorReporter, deadline: TestStore.soon)
            _ = try await test.store.revokeToken(
                of: test.ledger, id: grant.grant.id, reporter: TestStore.operatorReporter, deadline: TestStore.soon)
            await #expect(throws: StoreError(.notFound, "")) {
                _ = try await test.store.revokeToken(
                    of: test.ledger, id: grant.grant.id, reporter: TestStore.operatorReporter,
                    deadline: TestStore.soon)
            }
            #expect(try await test.store.grant(of: grant.token) == nil)
            #expect(try await test.store.head(of: test.ledger).size == 3)
        }
    }
}

/// What the units of a group may see of each other.
@Suite struct `Units that arrive together` {
    private static let good = #"{"kind":"send","outcome":"sent","message_id":"good@a.example"}"#

    private func outcomes<Value: Sendable>(
        of count: Int, _ call: @escaping @Sendable () async throws -> Value
    ) async -> [Result<Value, any Error>] {
        await withTaskGroup(of: Result<Value, any Error>.self) { tasks in
            for _ in 0..<count {
                tasks.addTask {
                    do { return .success(try await call()) } catch { return .failure(error) }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
    }

    private func winners<Value>(_ outcomes: [Result<Value, any Error>]) -> Int {
        outcomes.count { if case .success = $0 { true } else { false } }
    }

    @Test func `revoke a token once`() async throws {
        try await TestStore.run { test in
            for _ in 0..<5 {
                let granted = try await test.grantToken()
                let outcomes = await outcomes(of: 16) {
                    try await test.store.revokeToken(
                        of: test.ledger, id: granted.grant.id, reporter: TestStore.operatorReporter,
                        deadline: TestStore.soon)
                }
                #expect(winners(outcomes) == 1)
            }
            #expect(try await test.store.head(of: test.ledger).size == 11)
        }
    }

    @Test func `release a hold once`() async throws {
        try await TestStore.run { test in
            for _ in 0..<5 {
                let hold = try await test.store.hold(
                    .entries(0...0), reason: "r", reference: "m", in: test.ledger,
                    reporter: TestStore.operatorReporter, deadline: TestStore.soon)
                let outcomes = await outcomes(of: 16) {
                    try await test.store.releaseHold(
                        id: hold.id, in: test.ledger, reporter: TestStore.operatorReporter, deadline: TestStore.soon)
                }
                #expect(winners(outcomes) == 1)
            }
        }
    }

    @Test func `are judged with the token that caused them: nothing stands behind its revocation`() async throws {
        try await TestStore.run { test in
            let granted = try await test.grantToken()
            let unit = try test.unit([Self.good], by: granted.grant.id)
            _ = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            let revoked = try await test.store.revokeToken(
                of: test.ledger, id: granted.grant.id, reporter: TestStore.operatorReporter, deadline: TestStore.soon)
            await #expect(throws: StoreError(.tokenRefused, "")) {
                _ = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            }
            try await test.withSecondInstance { other in
                await #expect(throws: StoreError(.tokenRefused, "")) {
                    _ = try await other.store.append(unit, to: test.ledger, deadline: TestStore.soon)
                }
            }
            #expect(try await test.store.head(of: test.ledger).size == revoked.seq + 1)
        }
    }

    @Test func `one call's units keep their order when one of them has to wait`() async throws {
        try await TestStore.run { test in
            let granted = try await test.grantToken()
            let items = try test.unit([Self.good]).items
            let change = AppendUnit(items, changes: [.token(granted.grant.id)])
            let waiting = try test.unit([Self.good], by: granted.grant.id)
            let results = try await test.store.append(
                [change, waiting, AppendUnit(items)], to: test.ledger, deadline: TestStore.soon)
            #expect(try results.map { try $0.get()[0].seq } == [2, 3, 4])
        }
    }

    @Test func `a guard that counts is told what those before it add`() async throws {
        try await TestStore.run { test in
            let items = try test.unit([Self.good]).items
            let most = 3
            let unit = AppendUnit(
                items,
                guards: [
                    .init(
                        counting: .ledger,
                        "SELECT count(*) FROM countersign.entries WHERE ledger_id = \(test.ledger.id) AND kind = 'send'"
                    ) { rows, earlier in
                        try rows.one().int(0, in: Entry.seqs) + earlier < most ? nil : StoreError(.notFound, "enough")
                    }
                ], adds: [.ledger: 1])
            let outcomes = await outcomes(of: 16) {
                try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            }
            #expect(winners(outcomes) == most)
        }
    }

    @Test func `a unit that is made under the lock has keys and people like any other`() async throws {
        try await TestStore.run { test in
            let element = #"""
                {"kind":"send","outcome":"sent","idempotency_key":"k","personal":{"recipient":"kim@a.example"}}
                """#
            let made = try test.unit([element])
            let unit = AppendUnit(by: TestStore.operatorReporter, guards: [], changes: []) { _ in made }
            let first = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            let second = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            #expect(!first[0].replayed && second[0].replayed && first[0].seq == second[0].seq)
            let outcomes = await outcomes(of: 8) {
                try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            }
            #expect(winners(outcomes) == 8)
            #expect(try await test.store.head(of: test.ledger).size == 2)
        }
    }

    @Test func `a bound token appends only what it is bound to`() async throws {
        try await TestStore.run { test in
            var terms = TokenTerms(name: "t", scopes: [.ingest])
            terms.bindings = try TokenBindings(["senders": ["billing@acme.example"], "kinds": ["send"]])
            let granted = try await test.grantToken(terms)
            func append(_ element: String) async throws {
                let unit = try test.unit([element], by: granted.grant.id)
                _ = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            }
            try await append(#"{"kind":"send","outcome":"sent","sender":"Billing@ACME.example"}"#)
            for element in [
                #"{"kind":"send","outcome":"sent","sender":"ceo@acme.example"}"#, Self.good,
                #"{"kind":"monitor","outcome":"ok","sender":"billing@acme.example"}"#,
            ] {
                await #expect(throws: StoreError(.tokenBound, "")) { try await append(element) }
            }
        }
    }
}

/// Two service instances on one database.
@Suite struct `Two instances` {
    @Test func `append in turn to one chain`() async throws {
        try await TestStore.run { first in
            try await first.withSecondInstance { second in
                for number in 0..<300 {
                    let instance = number.isMultiple(of: 2) ? first : second
                    let element = #"{"kind":"send","outcome":"sent","message_id":"m\#(number)@a.example"}"#
                    let placed = try await instance.append(element)
                    #expect(placed.map(\.seq) == [number + 1])
                }
            }
        }
    }

    @Test func `race for the same keys and store each once`() async throws {
        try await TestStore.run { first in
            try await first.withSecondInstance { second in
                let element = { @Sendable (_: Int, number: Int) in
                    #"{"kind":"send","outcome":"sent","message_id":"a@b.example","idempotency_key":"k\#(number)"}"#
                }
                async let one = first.appendFromManyWriters(writers: 4, each: 50, element)
                async let two = second.appendFromManyWriters(writers: 4, each: 50, element)
                let seqs = try await one + two
                #expect(seqs.count == 400)
                #expect(Set(seqs) == Set(1...50))
            }
        }
    }
}

/// When the database's clock may stamp entries.
@Suite struct `The clock` {
    private static let hour: Int64 = 3_600_000_000

    @Test func `that differs from the service's refuses appends and says so`() async throws {
        let late = { @Sendable in Timestamp(microseconds: TestStore.now().microseconds - Self.hour) }
        try await TestStore.run { test in
            try await test.withSecondInstance(clock: late) { skewed in
                await #expect(throws: StoreError(.clockRefused, "")) {
                    _ = try await skewed.append(#"{"kind":"monitor","outcome":"ok"}"#)
                }
                _ = try await test.append(#"{"kind":"monitor","outcome":"ok"}"#)
            }
            #expect(try await test.store.head(of: test.ledger).size == 2)
        }
    }

    @Test func `that jumped ahead needs an operator's word, which is an entry`() async throws {
        let strict = ClockRule(skewMax: Self.hour, setBackMax: Self.hour, jumpMax: -1)
        try await TestStore.run { test in
            try await test.withSecondInstance(clockRule: strict) { suspicious in
                await #expect(throws: StoreError(.clockRefused, "")) {
                    _ = try await suspicious.append(#"{"kind":"monitor","outcome":"ok"}"#)
                }
                let accepted = try await suspicious.store.acceptClock(
                    of: test.ledger, reporter: TestStore.operatorReporter, deadline: TestStore.soon)
                #expect(accepted.seq == 1)
            }
        }
    }
}

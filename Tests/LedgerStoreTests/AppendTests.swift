import Cryptography
import Ledger
import LedgerStore
import Observation
import Testing

@Suite struct Append {
    private func send(_ number: Int, key: String? = nil, outcome: String = "sent") -> String {
        let key = key.map { #","idempotency_key":"\#($0)""# } ?? ""
        return #"""
            {"kind":"send","outcome":"\#(outcome)","message_id":"<m\#(number)@acme.example>",
             "sender":"billing@acme.example","oversight_mode":"gated_send",
             "personal":{"recipient":"kim@example.test","subject":"No. \#(number)"}\#(key)}
            """#
    }

    @Test func `entries get places in order and chain to the one before`() async throws {
        try await TestStore.run { test in
            let first = try await test.append(send(1), send(2))
            #expect(first.map(\.seq) == [1, 2])
            let second = try await test.append(send(3))
            #expect(second.map(\.seq) == [3])
            let entry = try #require(try await test.store.entry(of: test.ledger, seq: 3, disclosures: true))
            let line = try Entry(line: Array(entry.line.utf8))
            #expect(line.previous == first[1].leafHash)
            #expect(entry.disclosures.map(\.digest) == line.sealed.map(\.digest))
            let head = try await test.store.head(of: test.ledger)
            #expect(head.size == 4)
        }
    }

    @Test func `the same key with the same content is answered again and with other content refused`() async throws {
        try await TestStore.run { test in
            let first = try await test.append(send(1, key: "k"))
            let again = try await test.append(send(1, key: "k"))
            #expect(again.map(\.seq) == first.map(\.seq))
            #expect(again.map(\.leafHash) == first.map(\.leafHash))
            #expect(again.map(\.recordedAt) == first.map(\.recordedAt))
            #expect(again.map(\.replayed) == [true])
            await #expect(throws: StoreError(.idempotencyMismatch, "")) {
                try await test.append(send(2, key: "k"))
            }
            #expect(try await test.store.head(of: test.ledger).size == 2)
        }
    }

    @Test func `equal keys in one request are replay or refusal each by itself`() async throws {
        try await TestStore.run { test in
            let placed = try await test.append(send(1, key: "k"), send(1, key: "k"), send(2))
            #expect(placed.map(\.seq) == [1, 1, 2])
            #expect(placed.map(\.replayed) == [false, true, false])
            await #expect(throws: StoreError(.idempotencyMismatch, "")) {
                try await test.append(send(3, key: "j"), send(4, key: "j"))
            }
            #expect(try await test.store.head(of: test.ledger).size == 3)
        }
    }

    @Test func `a large request whose keys were used is answered again, and with other content refused`() async throws {
        try await TestStore.run { test in
            func append(_ numbers: Range<Int>, outcome: String = "sent") async throws -> [Placed] {
                let unit = try test.unit(numbers.map { send($0, key: "k\($0)", outcome: outcome) })
                return try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            }
            let first = try await append(0..<200)
            let again = try await append(0..<200)
            #expect(again.map(\.leafHash) == first.map(\.leafHash))
            #expect(again.map(\.replayed) == first.map { _ in true })
            // The other instance has not met a repeat yet.
            try await test.withSecondInstance { other in
                let mixed = try other.unit((150..<300).map { send($0, key: "k\($0)") })
                let placed = try await other.store.append(mixed, to: other.ledger, deadline: TestStore.soon)
                #expect(placed.map(\.seq) == Array(151...300))
                #expect(placed.map(\.replayed) == (150..<300).map { $0 < 200 })
            }
            await #expect(throws: StoreError(.idempotencyMismatch, "")) {
                _ = try await append(299..<500, outcome: "held")
            }
            #expect(try await test.store.head(of: test.ledger).size == 301)
            let afterwards = try await append(300..<500)
            #expect(afterwards.map(\.seq) == Array(301...500))
        }
    }

    @Test func `large requests at once of which some repeat are each answered by themselves`() async throws {
        try await TestStore.run { test in
            let used = try test.unit((0..<100).map { send($0, key: "k\($0)") })
            _ = try await test.store.append(used, to: test.ledger, deadline: TestStore.soon)
            let outcomes = try await withThrowingTaskGroup(of: (Int, [Bool]?).self) { tasks in
                for number in 0..<12 {
                    // One of three repeats a key with its content, one with other content.
                    let outcome = number % 3 == 2 ? "held" : "sent"
                    let own = (0..<99).map { send($0, key: "n\(number).\($0)") }
                    let repeated = number % 3 == 0 ? [] : [send(number, key: "k\(number)", outcome: outcome)]
                    let unit = try test.unit(own + repeated)
                    tasks.addTask {
                        do throws(StoreError) {
                            let placed = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
                            return (number, placed.map(\.replayed))
                        } catch {
                            #expect(error.code == .idempotencyMismatch)
                            return (number, nil)
                        }
                    }
                }
                return try await tasks.reduce(into: [Int: [Bool]?]()) { $0[$1.0] = .some($1.1) }
            }
            for (number, replayed) in outcomes {
                let expected: [Bool]? =
                    number % 3 == 2
                    ? nil : [Bool](repeating: false, count: 99) + (number % 3 == 1 ? [true] : [])
                #expect(replayed == expected, "\(number)")
            }
            #expect(try await test.store.head(of: test.ledger).size == 1 + 100 + 8 * 99)
        }
    }

    @Test(arguments: [1, 64, 65, 700, 5000])
    func `a batch of any size is written whole`(count: Int) async throws {
        try await TestStore.run { test in
            let unit = try test.unit((0..<count).map { send($0, key: "k\($0)") })
            let placed = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            #expect(placed.map(\.seq) == Array(1...count))
            let head = try await test.store.head(of: test.ledger)
            #expect(head.size == count + 1)
        }
    }

    @Test func `many writers at once get distinct places without a gap`() async throws {
        try await TestStore.run { test in
            let seqs = try await test.appendFromManyWriters(writers: 50, each: 20) { writer, number in
                send(number, key: "\(writer).\(number)")
            }
            #expect(seqs.sorted() == Array(1...1000))
            let groups = test.observations.all.filter { observation in
                guard case .appendCommitted = observation else { return false }
                return true
            }.count
            print("1,000 requests in \(groups) groups")
            #expect(groups < 1000)
        }
    }

    @Test func `proofs of stored entries hold against the head`() async throws {
        try await TestStore.run { test in
            let unit = try test.unit((0..<600).map { send($0) })
            let placed = try await test.store.append(unit, to: test.ledger, deadline: TestStore.soon)
            let head = try await test.store.head(of: test.ledger)
            for place in [placed[0], placed[255], placed[300], placed[599]] {
                let proof = try #require(
                    try await test.store.inclusionProof(of: test.ledger, seq: place.seq, size: head.size))
                let verdict = proof.verify(
                    leafHash: place.leafHash, index: UInt64(place.seq), size: UInt64(head.size), root: head.root)
                #expect(verdict == .included)
            }
            let old = try #require(try await test.store.root(of: test.ledger, size: 300))
            let proof = try #require(
                try await test.store.consistencyProof(of: test.ledger, from: 300, to: head.size))
            #expect(
                proof.verify(oldSize: 300, oldRoot: old, size: UInt64(head.size), root: head.root) == .consistent)
        }
    }
}

@Suite struct `What is sealed` {
    @Test func `is verified with people in any order, lists, and names of the caller's own`() async throws {
        try await TestStore.run { test in
            try await test.append(
                #"""
                {"kind":"inbound","outcome":"received","personal":{"author":"al@x.test","recipient":["bo@x.test",
                 {"address":"AL@x.test","role":"cc"}],"tags":["a","b"],"empty":[],"note":{"a":[1]}}}
                """#,
                #"{"kind":"send","outcome":"sent","personal":{"recipient":"Bo@x.test"}}"#)
            var query = EntryQuery()
            query.recipients = ["bo@x.test"]
            let page = try await test.store.page(of: test.ledger, query, limit: 10, disclosures: true)
            #expect(page.entries.map(\.seq) == [1, 2])
            query.recipients = ["al@x.test"]
            #expect(try await test.store.page(of: test.ledger, query, limit: 10, disclosures: false).entries.count == 1)
        }
    }
}

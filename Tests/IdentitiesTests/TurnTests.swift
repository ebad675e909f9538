import LedgerStore
import Testing

@testable import Identities

@Suite struct `Turns of ledgers` {
    /// Holds who comes until it is opened.
    private actor Gate {
        private var waiting: [CheckedContinuation<Void, Never>] = []
        private var isOpen = false
        private(set) var arrived = 0

        func pass() async {
            arrived += 1
            guard !isOpen else { return }
            await withCheckedContinuation { waiting.append($0) }
        }

        func open() {
            isOpen = true
            for each in waiting { each.resume() }
            waiting = []
        }
    }

    private actor Order {
        private(set) var ledgers: [Int64] = []

        func note(_ ledger: Int64) { ledgers.append(ledger) }
    }

    /// Lets others go on until something has come about.
    private func wait(until condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while await !condition() {
            try #require(.now < deadline)
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test func `leave room for others however many of one wait`() async throws {
        let turns = Turns(atOnce: 3, ofLedgerAtOnce: 2, ofLedgerWaiting: 50)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<40 { tasks.addTask { try await turns.take(1) { await gate.pass() } } }
            try await wait { await gate.arrived == 2 }
            // It does not wait for the gate.
            #expect(try await turns.take(2) { 7 } == 7)
            #expect(await gate.arrived == 2)
            await gate.open()
            try await tasks.waitForAll()
        }
        #expect(await gate.arrived == 40)
    }

    @Test func `go round among ledgers that wait`() async throws {
        let turns = Turns(atOnce: 1, ofLedgerAtOnce: 1, ofLedgerWaiting: 50)
        let gate = Gate()
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await turns.take(0) { await gate.pass() } }
            try await wait { await gate.arrived == 1 }
            for ledger: Int64 in [1, 1, 1, 2, 3] {
                let before = await turns.waitingCount
                tasks.addTask { try await turns.take(ledger) { await order.note(ledger) } }
                try await wait { await turns.waitingCount == before + 1 }
            }
            await gate.open()
            try await tasks.waitForAll()
        }
        #expect(await order.ledgers == [1, 2, 3, 1, 1])
    }

    @Test func `refuse who would wait behind too many of his ledger, and nobody else`() async throws {
        let turns = Turns(atOnce: 9, ofLedgerAtOnce: 1, ofLedgerWaiting: 2)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<3 { tasks.addTask { try await turns.take(1) { await gate.pass() } } }
            try await wait { await turns.waitingCount == 2 }
            await #expect(throws: StoreError(.busy, "")) { try await turns.take(1) {} }
            try await turns.take(2) {}
            await gate.open()
            try await tasks.waitForAll()
        }
        try await turns.take(1) {}
    }

    @Test func `are given back by who fails`() async throws {
        let turns = Turns(atOnce: 1, ofLedgerAtOnce: 1, ofLedgerWaiting: 1)
        for _ in 0..<5 {
            await #expect(throws: StoreError(.notFound, "")) {
                try await turns.take(1) { throw StoreError(.notFound, "") }
            }
        }
        #expect(try await turns.take(1) { 1 } == 1)
    }
}

import LedgerStore

/// Turns at something that takes memory or time: so many at once, and so many of one ledger. Whoever comes then waits,
/// first come, first served within his ledger; among ledgers they go round, so that none waits behind all of another's.
actor Turns {
    /// Those of one ledger.
    private struct Line {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let atOnce: Int
    private let ofLedgerAtOnce: Int
    private let ofLedgerWaiting: Int
    private var running = 0
    private var lines: [Int64: Line] = [:]
    /// Ledgers of which somebody waits, whose turn it is next first.
    private var order: [Int64] = []

    /// - Parameters:
    ///   - atOnce: of all ledgers together.
    ///   - ofLedgerWaiting: one more is refused.
    init(atOnce: Int, ofLedgerAtOnce: Int, ofLedgerWaiting: Int) {
        self.atOnce = atOnce
        self.ofLedgerAtOnce = ofLedgerAtOnce
        self.ofLedgerWaiting = ofLedgerWaiting
    }

    /// Runs `body` when it is its turn.
    ///
    /// - Throws: `busy` where as many of the ledger wait as may, and what `body` throws.
    nonisolated func take<Value: Sendable>(
        _ ledgerID: Int64, _ body: () async throws -> Value
    ) async throws -> Value {
        try await begin(ledgerID)
        do {
            let value = try await body()
            await end(ledgerID)
            return value
        } catch {
            await end(ledgerID)
            throw error
        }
    }

    /// How many wait.
    var waitingCount: Int { lines.values.reduce(0) { $0 + $1.waiting.count } }

    private func begin(_ ledgerID: Int64) async throws(StoreError) {
        let line = lines[ledgerID, default: Line()]
        guard running == atOnce || line.running == ofLedgerAtOnce else { return start(ledgerID) }
        guard line.waiting.count < ofLedgerWaiting else {
            throw StoreError(.busy, "\(ofLedgerWaiting) reports of the ledger wait already; try again later")
        }
        if line.waiting.isEmpty { order.append(ledgerID) }
        await withCheckedContinuation { lines[ledgerID, default: Line()].waiting.append($0) }
    }

    private func start(_ ledgerID: Int64) {
        running += 1
        lines[ledgerID, default: Line()].running += 1
    }

    private func end(_ ledgerID: Int64) {
        running -= 1
        lines[ledgerID]?.running -= 1
        if let line = lines[ledgerID], line.running == 0, line.waiting.isEmpty { lines[ledgerID] = nil }
        // One place is free, so one ledger at most goes on.
        let next = order.firstIndex { (lines[$0]?.running ?? 0) < ofLedgerAtOnce }
        guard let next, let line = lines[order[next]], let first = line.waiting.first else { return }
        let ledgerID = order.remove(at: next)
        lines[ledgerID]?.waiting.removeFirst()
        if line.waiting.count > 1 { order.append(ledgerID) }
        start(ledgerID)
        first.resume()
    }
}

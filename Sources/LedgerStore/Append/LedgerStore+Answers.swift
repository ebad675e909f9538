import Postgres
import Synchronization

/// A process that has answered and now stands still is a witness: it looks from time to time whether the database still
/// has what it answered. So a ledger that is halted is held to what all instances know, not to the first one alone.
extension LedgerStore {
    /// Ledgers that are asked about at once.
    private static let piece = 200

    /// Looks until it is cancelled.
    func watchAnswers() async {
        while (try? await Task.sleep(for: lookPause)) != nil {
            let all = await answeredEnds()
            for start in stride(from: 0, to: all.count, by: Self.piece) {
                for appender in (try? await missing(all[start..<min(start + Self.piece, all.count)])) ?? [] {
                    await appender.look()
                }
            }
        }
    }

    private func answeredEnds() async -> [(appender: Appender, end: AnsweredEnd)] {
        var ends: [(Appender, AnsweredEnd)] = []
        for appender in appenders.withLock({ Array($0.values) }) {
            if let end = await appender.answeredEnd { ends.append((appender, end)) }
        }
        return ends
    }

    /// Those whose last answered entry is not where it was.
    private func missing(
        _ ends: ArraySlice<(appender: Appender, end: AnsweredEnd)>
    ) async throws(StoreError) -> [Appender] {
        let statements = ends.map { _, end in
            """
            SELECT leaf_hash FROM countersign.entries WHERE ledger_id = \(end.ledgerID) AND seq = \(end.seq)
            """ as Statement
        }
        let stored = try await lookUp { connection, deadline in
            try await connection.pipeline(statements, deadline: deadline).map { try $0.first?.bytes(0) }
        }
        return zip(ends, stored).compactMap { one, leafHash in leafHash == one.end.leafHash ? nil : one.appender }
    }
}

/// The last entry that an appender has answered.
struct AnsweredEnd: Sendable {
    let ledgerID: Int64
    let seq: Int
    let leafHash: [UInt8]
}

import Postgres

/// Reads entries with their sealed values and judges them chunk by chunk: while some chunks are judged, the next one is
/// fetched. What is under way is bounded by bytes, for a chunk ends at the first row past 256 KiB.
struct CheckedRows {
    /// Chunks under way at once.
    private static let chunksMax = 4

    let connection: Connection
    let ledger: Int64
    var context: ChunkCheck.Context

    /// Hands the chunks of `range` to `body`, in order. They are read in one short transaction; entries below a size
    /// never change, so nothing is pinned.
    func forEachChunk(of range: Range<Int>, _ body: (CheckedChunk) throws -> Void) async throws {
        let timeout = Verifier.statementTimeout
        try await connection.pipeline(["BEGIN READ ONLY"] + StoredRow.copySettings, deadline: .now + timeout)
        try await withThrowingTaskGroup(of: (number: Int, chunk: CheckedChunk).self) { tasks in
            var (begun, finished) = (0, 0)
            var early: [Int: CheckedChunk] = [:]
            func finishNext(_ tasks: inout ThrowingTaskGroup<(number: Int, chunk: CheckedChunk), any Error>)
                async throws
            {
                while early[finished] == nil, let next = try await tasks.next() { early[next.number] = next.chunk }
                if let chunk = early.removeValue(forKey: finished) { try body(chunk) }
                finished += 1
            }
            try await connection.copyOut(
                StoredRow.copyStatement(ledger: ledger, range), timeout: timeout
            ) { bytes in
                if begun - finished == Self.chunksMax { try await finishNext(&tasks) }
                tasks.addTask { [context, begun] in (begun, try ChunkCheck.check(bytes, context)) }
                begun += 1
            }
            while finished < begun { try await finishNext(&tasks) }
        }
        try await connection.query("COMMIT", deadline: .now + timeout)
    }
}

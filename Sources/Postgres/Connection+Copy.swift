import CLibPQ

extension Connection {
    /// How much of a COPY is handed to libpq, or to the consumer, at a time. Each chunk changes threads twice.
    static let copyInChunkBytes = 256 * 1024
    static let copyOutChunkBytes = 256 * 1024
    /// About how much of the rows that are sent is put together at a time.
    static let copyInPieceBytes = 64 * 1024
    /// How long a cancelled COPY may take to end before its connection is closed instead.
    static let copyCancelTimeout: Duration = .seconds(5)

    // MARK: In

    /// Sends rows to `COPY ... FROM STDIN (FORMAT binary)`. All rows arrive, or none.
    ///
    /// They are put together piece by piece: the server works on one piece while the next is made.
    ///
    /// - Parameter columns: the columns of the rows; each has a value for every row.
    @discardableResult
    package func copyIn(
        _ statement: Statement, columns: [ColumnValues], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Rows {
        try Self.requireRows(columns)
        try beginCopyIn(statement, deadline: deadline)
        let count = columns.first?.count ?? 0
        let size = columns.reduce(0) { $0 + $1.bytes.count }
        let piece = max(1, count * Self.copyInPieceBytes / max(1, size))
        for start in stride(from: 0, to: count, by: piece) {
            try sendRows(columns, start..<min(start + piece, count), deadline: deadline)
        }
        return try endCopyIn(deadline: deadline)
    }

    /// Begins `COPY ... FROM STDIN (FORMAT binary)` for rows that are still to be made: ``sendRows(_:deadline:)`` as
    /// often as need be, then ``endCopyIn(deadline:)``. Other calls are refused meanwhile; who leaves without an end
    /// must close the connection, as a pool does.
    package func beginCopyIn(_ statement: Statement, deadline: ContinuousClock.Instant) throws(PostgresError) {
        try beginCopyIn(statement, .binary, deadline: deadline)
    }

    /// Begins `COPY ... FROM STDIN` for rows that are text already: ``sendText(_:deadline:)`` as often as need be, then
    /// ``endCopyIn(deadline:)``. What holds for ``beginCopyIn(_:deadline:)`` holds here.
    package func beginTextCopyIn(_ statement: Statement, deadline: ContinuousClock.Instant) throws(PostgresError) {
        try beginCopyIn(statement, .text, deadline: deadline)
    }

    private func beginCopyIn(
        _ statement: Statement, _ format: CopyFormat, deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        try prepareCall(deadline: deadline)
        let sql = try copySQL(statement)
        let failure = try closingOnError { () throws(PostgresError) -> PostgresError? in
            try handle.send(script: sql)
            if let failure = try startCopy(PGRES_COPY_IN, deadline: deadline) { return failure }
            if format == .binary { try sendCopy(CopyFormat.header, deadline: deadline) }
            return nil
        }
        if let failure { throw settle(failure) }
        copyInFormat = format
    }

    /// Sends more rows of the COPY that was begun; it takes what the server's buffers take, and no answer is waited
    /// for.
    package func sendRows(_ columns: [ColumnValues], deadline: ContinuousClock.Instant) throws(PostgresError) {
        try Self.requireRows(columns)
        guard copyInFormat == .binary else { throw PostgresError(.usage, "no COPY was begun on this connection") }
        try sendRows(columns, 0..<(columns.first?.count ?? 0), deadline: deadline)
    }

    /// Sends more of the text of the COPY that was begun, from anywhere to anywhere in it. What is wrong with it is
    /// told at the end.
    package func sendText(_ bytes: [UInt8], deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard copyInFormat == .text else { throw PostgresError(.usage, "no COPY was begun on this connection") }
        try closingOnError { () throws(PostgresError) in try sendCopy(bytes, deadline: deadline) }
    }

    /// Ends the COPY that was begun. All its rows have arrived, or none.
    @discardableResult
    package func endCopyIn(deadline: ContinuousClock.Instant) throws(PostgresError) -> Rows {
        guard let format = copyInFormat else {
            throw PostgresError(.usage, "no COPY was begun on this connection")
        }
        copyInFormat = nil
        let (result, failure) = try closingOnError { () throws(PostgresError) -> (QueryResult?, PostgresError?) in
            if format == .binary { try sendCopy(CopyFormat.trailer, deadline: deadline) }
            while try !handle.putCopyEnd() { try handle.flushAll(deadline: deadline) }
            let result = try handle.nextResult(deadline: deadline)
            let later = try drain(deadline: deadline)
            return (result, result?.error ?? later)
        }
        if let failure { throw settle(failure) }
        guard let result else { throw PostgresError(.decoding, "COPY gave no result") }
        return Rows(result: result, notices: handle.notices.take())
    }

    private static func requireRows(_ columns: [ColumnValues]) throws(PostgresError) {
        if let refusal = columns.lazy.compactMap(\.refusal).first { throw refusal }
        guard columns.allSatisfy({ $0.count == columns[0].count }) else {
            throw PostgresError(.usage, "the columns of a COPY differ in length")
        }
    }

    private func sendRows(
        _ columns: [ColumnValues], _ rows: Range<Int>, deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        guard !rows.isEmpty else { return }
        try closingOnError { () throws(PostgresError) in
            try sendCopy(CopyFormat.body(of: columns, rows: rows), deadline: deadline)
        }
    }

    private func sendCopy(_ bytes: [UInt8], deadline: ContinuousClock.Instant) throws(PostgresError) {
        var start = 0
        while start < bytes.count {
            let end = min(start + Self.copyInChunkBytes, bytes.count)
            while try !handle.putCopyData(bytes.span.extracting(start..<end)) {
                try handle.flushAll(deadline: deadline)
            }
            // Keeps libpq's buffer at one chunk. After an error the server throws the rest away and then answers.
            try handle.flushAll(deadline: deadline)
            start = end
        }
    }

    // MARK: Out

    /// Runs `COPY ... TO STDOUT` and hands what comes to `body`, in chunks of whole rows of about 256 KiB (one row may
    /// be longer).
    ///
    /// `body` runs where the caller runs and may wait as long as it likes: meanwhile one more chunk is taken from the
    /// server, and no further, so memory stays constant, and the server waits for a slow consumer. `timeout` is for the
    /// server, for each chunk. If `body` throws or the task is cancelled, the COPY is cancelled, the connection is made
    /// usable again or closed (a transaction block then wants a ROLLBACK), and the error is thrown on. Other calls on
    /// this connection are refused meanwhile.
    package nonisolated(nonsending) func copyOut(
        _ statement: Statement, timeout: Duration, _ body: (_ chunk: [UInt8]) async throws -> Void
    ) async throws {
        try await startCopyOut(statement, deadline: .now + timeout)
        do {
            var next = try await nextCopyChunk(deadline: .now + timeout)
            while let chunk = next {
                try Task.checkCancellation()
                async let following = nextCopyChunk(deadline: .now + timeout)
                try await body(chunk)
                next = try await following
            }
            try Task.checkCancellation()
            await endCopyOut()
        } catch {
            await endCopyOut()
            throw error
        }
    }

    enum CopyOutState { case streaming, ended }

    /// True while a COPY OUT has the connection for itself.
    var isCopyingOut: Bool { copyOutState != nil }

    private func startCopyOut(_ statement: Statement, deadline: ContinuousClock.Instant) throws(PostgresError) {
        try prepareCall(deadline: deadline)
        let sql = try copySQL(statement)
        let failure = try closingOnError { () throws(PostgresError) in
            try handle.send(script: sql)
            return try startCopy(PGRES_COPY_OUT, deadline: deadline)
        }
        if let failure { throw settle(failure) }
        copyOutState = .streaming
    }

    /// The next chunk, or nil after the last. A task that is cancelled gets what there is by then.
    private func nextCopyChunk(deadline: ContinuousClock.Instant) throws(PostgresError) -> [UInt8]? {
        guard copyOutState == .streaming else { return nil }
        var chunk: [UInt8] = []
        chunk.reserveCapacity(Self.copyOutChunkBytes + 4096)
        let failure = try closingOnError { () throws(PostgresError) -> PostgresError? in
            var pace = CopyPace()
            while chunk.count < Self.copyOutChunkBytes {
                let size = chunk.count
                switch try handle.takeCopyData(into: &chunk) {
                case .row: pace.hasTaken(chunk.count - size)
                case .wouldBlock:
                    if Task.isCancelled { return nil }
                    try handle.receiveCopyData(&pace, deadline: deadline)
                case .ended:
                    copyOutState = .ended
                    return try drain(deadline: deadline)
                }
            }
            return nil
        }
        if let failure { throw settle(failure) }
        return chunk.isEmpty ? nil : chunk
    }

    /// Leaves a COPY OUT. If that is before its end, asks the server to stop and reads on to the end of what it has
    /// sent.
    private func endCopyOut() {
        defer { copyOutState = nil }
        guard copyOutState == .streaming else { return }
        let deadline = ContinuousClock.now + Self.copyCancelTimeout
        guard isUsable, handle.requestCancel() else { return handle.close() }
        do throws(PostgresError) {
            var ended = false
            while !ended {
                var thrownAway: [UInt8] = []
                switch try handle.takeCopyData(into: &thrownAway) {
                case .row: break
                case .wouldBlock: try handle.exchange(deadline: deadline)
                case .ended: ended = true
                }
            }
            if let failure = try drain(deadline: deadline), failure.code == .connectionLost { throw failure }
        } catch {
            handle.close()
        }
    }

    // MARK: Both

    /// COPY takes no parameters: what varies is written into it with `\(literal:)` or `\(identifier:)`.
    func copySQL(_ statement: Statement) throws(PostgresError) -> String {
        if let refusal = statement.refusal { throw refusal }
        guard statement.values.fields.isEmpty else { throw PostgresError(.usage, "COPY takes no parameters") }
        let sql = statement.sql
        try refuseNull(in: sql)
        return sql
    }

    /// Waits until the server is ready to copy; gives its error if it refuses.
    func startCopy(
        _ expected: ExecStatusType, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresError? {
        guard let result = try handle.nextResult(deadline: deadline) else {
            throw PostgresError(.connectionLost, "an answer is missing")
        }
        guard result.status != expected else { return nil }
        guard let error = result.error else { throw PostgresError(.usage, "the statement is not the COPY expected") }
        let later = try drain(deadline: deadline)
        return later?.code == .connectionLost ? later : error
    }
}

import CLibPQ
import Glibc

/// What COPY needs of libpq.
extension Handle {
    /// How often a reader that waits for the server comes back to see whether its task was cancelled.
    private static let cancellationCheckInterval: Duration = .milliseconds(50)

    enum CopyState { case row, wouldBlock, ended }

    /// Hands over a part of the copied data; false if libpq's buffer is full and must be sent first.
    func putCopyData(_ bytes: Span<UInt8>) throws(PostgresError) -> Bool {
        let outcome = unsafe bytes.withUnsafeBytes { buffer in
            unsafe PQputCopyData(
                connection, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count))
        }
        guard outcome >= 0 else { throw connectionLost() }
        return outcome == 1
    }

    /// Ends the copied data; false if libpq's buffer is full and must be sent first.
    func putCopyEnd() throws(PostgresError) -> Bool {
        let outcome = unsafe PQputCopyEnd(connection, nil)
        guard outcome >= 0 else { throw connectionLost() }
        return outcome == 1
    }

    /// Appends the next row of a COPY OUT to `bytes`.
    func takeCopyData(into bytes: inout [UInt8]) throws(PostgresError) -> CopyState {
        var data: UnsafeMutablePointer<CChar>?
        let count = unsafe PQgetCopyData(connection, &data, 1)
        defer { unsafe PQfreemem(data) }
        switch count {
        case 0: return .wouldBlock
        case -1: return .ended
        case 1...:
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: data, count: Int(count)))
            return .row
        default: throw connectionLost()
        }
    }

    /// Appends the field of the next row of a binary COPY OUT with one column to `bytes`, and `terminator` behind it.
    /// NULL, and what is no row, append nothing.
    ///
    /// - Parameter isFirst: whether the COPY begins here: then the header stands before the row.
    func takeCopyField(into bytes: inout [UInt8], terminator: UInt8, isFirst: Bool) throws(PostgresError) -> CopyState {
        var data: UnsafeMutablePointer<CChar>?
        let count = unsafe PQgetCopyData(connection, &data, 1)
        defer { unsafe PQfreemem(data) }
        switch count {
        case 0: return .wouldBlock
        case -1: return .ended
        case 1...: break
        default: throw connectionLost()
        }
        let message = unsafe UnsafeRawBufferPointer(start: data, count: Int(count))
        let hasHeader = unsafe isFirst && message.starts(with: CopyFormat.header)
        let start = hasHeader ? CopyFormat.header.count : 0
        guard let fields = unsafe message.bytes.bigEndian(at: start, as: Int16.self) else { throw CopyFormat.broken }
        guard fields >= 0 else { return .row }
        guard fields == 1, let length = unsafe message.bytes.bigEndian(at: start + 2, as: Int32.self) else {
            throw CopyFormat.broken
        }
        guard length >= 0 else { return .row }
        guard start + 6 + Int(length) == message.count else { throw CopyFormat.broken }
        unsafe bytes.append(contentsOf: message[(start + 6)...])
        bytes.append(terminator)
        return .row
    }

    /// Takes more of a COPY OUT from the socket, or waits for it a while: nothing may have come when this returns.
    func receiveCopyData(_ pace: inout CopyPace, deadline: ContinuousClock.Instant) throws(PostgresError) {
        switch pace.next() {
        case .read: return try consumeInput()
        case .gather(let microseconds): usleep(microseconds)
        case .wait: break
        }
        let left = deadline - .now
        guard left > .zero else { throw PostgresError(.timedOut, "the deadline has passed") }
        let interval = min(left, Self.cancellationCheckInterval).wholeMilliseconds
        let socket = unsafe PQsocket(connection)
        guard socket >= 0 else { throw connectionLost() }
        if try !Self.poll(socket, .reading, milliseconds: interval).isEmpty { try consumeInput() }
    }
}

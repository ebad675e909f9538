import Glibc
import UnixSignals

/// Ends a command in order when the person at the keyboard, or the system, asks for it.
enum Interruption {
    /// Runs `body`, and cancels it on SIGINT or SIGTERM, so that what it opened is put away. A second signal ends the
    /// process at once.
    static func cancelling<Value: Sendable>(
        _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            defer { group.cancelAll() }
            if let value = try await group.next() ?? nil { return value }
            for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
            group.cancelAll()
            // The body ends first; how it ended, cut off as it was, tells nothing.
            _ = try? await group.next()
            throw Complaint.interrupted
        }
    }
}

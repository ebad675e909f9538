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
        let work = Task { try await body() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in signals {
                    if work.isCancelled { Glibc._exit(ExitStatus.interrupted.rawValue) }
                    work.cancel()
                }
            }
            defer { group.cancelAll() }
            do {
                return try await work.value
            } catch {
                // Whatever failed then failed because it was cut off.
                throw work.isCancelled ? Complaint.interrupted : error
            }
        }
    }
}

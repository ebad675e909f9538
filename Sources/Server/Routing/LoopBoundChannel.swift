import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// HTTP/1.1 connections whose requests are handled on the event loop that reads them: from the request to its answer
/// nothing changes threads but what waits for Postgres. For a single entry such changes cost as much as all the rest.
///
/// What keeps a processor busy for long goes elsewhere by ``perform(isLong:_:)``, so that the loop's other connections
/// live on.
struct LoopBoundChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let base: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }

    /// Runs `work`: here if it is done at once, else on the threads that all tasks share.
    static func perform<Result: Sendable, Failure: Error>(
        isLong: Bool, _ work: @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        guard isLong else { return try work() }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(Failure) in
            try work()
        }
    }
}

/// Runs tasks on one event loop.
private final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix

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

    /// Runs `work`: here if it is done at once, else on the threads for long work.
    static func perform<Result: Sendable>(
        isLong: Bool, _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        guard isLong else { return try work() }
        return try await longWork.runIfActive(work)
    }

    /// One thread fewer than there are processors: what was read before can be committed meanwhile, and single entries
    /// are read beside it.
    private static let longWork: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: max(1, System.coreCount - 1))
        pool.start()
        return pool
    }()
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

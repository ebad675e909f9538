import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix

/// HTTP/1.1 connections whose requests are handled on the event loop that reads them: from the request to its answer
/// nothing changes threads but what waits for Postgres. For a single entry such changes cost as much as all the rest.
///
/// What keeps a processor busy for long goes elsewhere by ``read(_:_:)``, so that the loop's other connections
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

    /// The longest body, in bytes, that is read and sealed in less than about a millisecond.
    private static let quickSizeMax = 16_384

    /// Runs `work` on a body: here if that is done at once, else on the threads for long work.
    static func read<Result: Sendable>(
        _ body: [UInt8], _ work: @escaping @Sendable ([UInt8]) throws -> Result
    ) async throws -> Result {
        guard body.count > quickSizeMax else { return try work(body) }
        return try await longWork.runIfActive { try work(body) }
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

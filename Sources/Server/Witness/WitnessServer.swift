import Hummingbird
package import Logging
import NIOPosix
package import Observation
import ServiceLifecycle
package import Witness

/// The HTTP interface of a witness (C2SP tlog-witness), as a service: it listens until it is told to shut down, and
/// then answers the requests that are under way.
package struct WitnessServer: Service {
    /// Requests that look at files at the same time; of one log only one does anyway.
    private static let threadCount = 4

    private let application: Application<RouterResponder<CallContext>>
    private let threads: NIOThreadPool

    /// - Parameters:
    ///   - metrics: the present metrics in Prometheus' text format 0.0.4.
    ///   - onListening: gets the address that is really listened on, such as `http://127.0.0.1:8080`.
    package init(
        _ cosigner: Cosigner, observer: any Observer, configuration: ServerConfiguration, logger: Logger,
        metrics: @escaping @Sendable () -> String,
        onListening: @escaping @Sendable (String) async -> Void = { _ in }
    ) {
        threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        let controller = WitnessController(cosigner: cosigner, threads: threads, metrics: metrics)
        application = Application(
            controller.router(observer: observer), configuration: configuration, observer: observer, logger: logger,
            onListening: onListening)
    }

    package func run() async throws {
        threads.start()
        do {
            try await application.run()
        } catch {
            // What went wrong is the error to report.
            try? await threads.shutdownGracefully()
            throw error
        }
        try await threads.shutdownGracefully()
    }
}

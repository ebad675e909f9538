package import Checkpoints
import Hummingbird
package import Identities
package import Ledger
package import LedgerStore
package import Logging
package import Observation
import ServiceLifecycle

/// The HTTP interface of one `LedgerStore`, as a service: it listens until it is told to shut down, and then answers
/// the requests that are under way.
///
/// `store.run()` must be running beside it, and end after it.
package struct HTTPServer: Service {
    private let application: Application<RouterResponder<CallContext>>

    /// - Parameters:
    ///   - verifications: how mail and the name system are checked.
    ///   - checks: the checks of identities; their `run()` is for the caller, where a schedule is wanted.
    ///   - receipts: what proves entries to strangers.
    ///   - metrics: the present metrics in Prometheus' text format 0.0.4.
    ///   - clock: tells when tokens expire.
    ///   - onListening: gets the address that is really listened on, such as `http://127.0.0.1:8080`.
    package init(
        _ store: LedgerStore, verifications: Verifications, checks: IdentityChecks, receipts: Receipts,
        observer: any Observer,
        configuration: ServerConfiguration, logger: Logger,
        metrics: @escaping @Sendable () -> String, clock: @escaping @Sendable () -> Timestamp,
        onListening: @escaping @Sendable (String) async -> Void = { _ in }
    ) {
        let authenticator = Authenticator(
            store: store, observer: observer, timeout: configuration.requestTimeout, clock: clock)
        let routes = Route.all(
            store, observer: observer, authenticator: authenticator, configuration: configuration,
            verifications: verifications, checks: checks, receipts: receipts, clock: clock, metrics: metrics)
        let router = Router(routes, authenticator: authenticator, observer: observer)
        application = Application(
            router, configuration: configuration, observer: observer, logger: logger, onListening: onListening)
    }

    package func run() async throws { try await application.run() }
}

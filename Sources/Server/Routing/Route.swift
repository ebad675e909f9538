import Checkpoints
import Hummingbird
import Identities
import Ledger
import LedgerStore
import MailAuthentication
import Observation

/// One operation of the API: its method, its path as the OpenAPI document spells it, and who may call it.
struct Route: Sendable {
    /// Who may call.
    enum Access: Sendable {
        /// Everybody.
        case open(@Sendable (Request, CallContext) async throws -> Response)
        /// Callers whose token satisfies the scope.
        case scoped(Scope, @Sendable (Request, CallContext, Caller) async throws -> Response)
        /// Callers whose token satisfies the scope, and, as far as the ledger is public, those without a token.
        case publicOr(Scope, @Sendable (Request, CallContext, Caller?) async throws -> Response)
    }

    /// A last parameter of this name stands for the rest of the path, slashes and all.
    private static let rest = "{resource}"

    let method: HTTPRequest.Method
    let path: String
    let access: Access

    init(
        _ method: HTTPRequest.Method, _ path: String,
        open respond: @escaping @Sendable (Request, CallContext) async throws -> Response
    ) {
        self.method = method
        self.path = path
        access = .open(respond)
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ scope: Scope,
        _ respond: @escaping @Sendable (Request, CallContext, Caller) async throws -> Response
    ) {
        self.method = method
        self.path = path
        access = .scoped(scope, respond)
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, publicOr scope: Scope,
        _ respond: @escaping @Sendable (Request, CallContext, Caller?) async throws -> Response
    ) {
        self.method = method
        self.path = path
        access = .publicOr(scope, respond)
    }

    /// The path as the router takes it.
    var pattern: String { path.hasSuffix(Self.rest) ? path.dropLast(Self.rest.count) + "**" : path }

    /// What a caller needs; nil where nothing is needed.
    var scope: Scope? {
        switch access {
        case .open: nil
        case .scoped(let scope, _), .publicOr(let scope, _): scope
        }
    }

    /// Whether `path` of a request leads here.
    func matches(_ path: String) -> Bool {
        let wanted = self.path.split(separator: "/")
        let given = path.split(separator: "/")
        if self.path.hasSuffix(Self.rest) {
            return given.count >= wanted.count && given.starts(with: wanted.dropLast())
        }
        return wanted.count == given.count && zip(wanted, given).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}

extension Route {
    /// The whole API.
    static func all(
        _ store: LedgerStore, observer: any Observer, authenticator: Authenticator, configuration: ServerConfiguration,
        verifications: Verifications, checks: IdentityChecks, receipts: Receipts,
        clock: @escaping @Sendable () -> Timestamp, metrics: @escaping @Sendable () -> String
    ) -> [Route] {
        let timeout = configuration.requestTimeout
        let register = IdentityRegister(store)
        let rules = ReceiverRules(
            publicSuffixes: verifications.publicSuffixes, senders: configuration.reportSenders)
        let reports = DMARCReports(store, rules: rules, clock: clock) { mail in
            let checked = await verifications.check(mail, MessageEnvelope())
            return (checked.result, checked.evidence)
        }
        return AppendController(store: store, receipts: receipts, timeout: timeout).routes
            + StepAttemptsController(store: store, timeout: timeout).routes
            + EntriesController(store: store).routes
            + MessagesController(store: store, register: register).routes
            + StatsController(store: store).routes
            + TreeController(store: store).routes
            + CheckpointsController(store: store, receipts: receipts).routes
            + TlogController(store: store, authenticator: authenticator).routes
            + ExportController(
                store: store, observer: observer, timeout: timeout, sendTimeout: configuration.sendTimeout
            ).routes
            + VerificationsController(
                verifications: verifications, checks: checks, register: register, timeout: timeout
            ).routes
            + IdentitiesController(store: store, register: register, checks: checks, timeout: timeout).routes
            + ReportsController(reports: reports, stored: StoredReports(store), timeout: timeout).routes
            + TokensController(store: store, authenticator: authenticator, timeout: timeout).routes
            + ErasuresController(store: store, timeout: timeout).routes
            + LegalHoldsController(store: store, timeout: timeout).routes
            + OperationsController(store: store, metrics: metrics).routes
            + PageController().routes
    }
}

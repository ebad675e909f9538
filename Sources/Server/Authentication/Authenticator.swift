import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore
import Observation

/// Tells who calls, by the bearer token (RFC 6750 §2.1).
struct Authenticator: Sendable {
    private let store: LedgerStore
    private let observer: any Observer
    private let clock: @Sendable () -> Timestamp
    /// How long the database may take to say who a token belongs to.
    private let timeout: Duration
    private let cache = GrantCache()

    init(
        store: LedgerStore, observer: any Observer, timeout: Duration, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.observer = observer
        self.timeout = timeout
        self.clock = clock
    }

    /// The caller of `request`, whose token must satisfy `scope`.
    func caller(of request: Request, wanting scope: Scope) async throws -> Caller {
        guard let token = Self.token(of: request) else {
            throw refused(request.headers[.authorization] == nil ? "missing" : "malformed")
        }
        guard let caller = try await caller(token) else { throw refused("unknown") }
        if let expiresAt = caller.grant.expiresAt, expiresAt <= clock() { throw refused("expired") }
        guard caller.grant.satisfies(scope) else {
            throw Problem(.forbidden, "insufficient_scope", "this needs a token with the scope \(scope.rawValue)")
        }
        return caller
    }

    /// Makes a revocation count at once.
    func forget(tokenID: String) { cache.forget(tokenID: tokenID) }

    private func caller(_ token: BearerToken) async throws -> Caller? {
        let hash = token.hash
        let now = ContinuousClock.now
        let (known, ticket) = cache.caller(hash, now: now)
        if let known { return known }
        var caller: Caller?
        if let grant = try await store.grant(of: token, timeout: timeout),
            let ledger = try await store.ledger(id: token.ledgerID, timeout: timeout)
        {
            caller = Caller(ledger: ledger, grant: grant)
        }
        cache.keep(caller, hash, readAt: now, ticket: ticket)
        return caller
    }

    private static func token(of request: Request) -> BearerToken? {
        let values = request.headers[values: .authorization]
        guard values.count == 1, values[0].prefix(7).lowercased() == "bearer " else { return nil }
        return BearerToken(String(values[0].dropFirst(7).drop { $0 == " " }))
    }

    /// The same for every token that is not good, so that nobody learns which tokens there are.
    private func refused(_ reason: String) -> Problem {
        observer.observe(.tokenRefused(reason: reason))
        var problem = Problem(
            .unauthorized, "missing_token", "this needs a live token: Authorization: Bearer mm_live_...")
        problem.headers[.wwwAuthenticate] = "Bearer"
        return problem
    }
}

import Hummingbird
import Ledger
import LedgerStore

/// `/v1/tokens`.
struct TokensController: Sendable {
    let store: LedgerStore
    let authenticator: Authenticator
    let timeout: Duration

    var routes: [Route] {
        [
            Route(.post, "/v1/tokens", .admin, create), Route(.get, "/v1/tokens", .admin, list),
            Route(.delete, "/v1/tokens/{id}", .admin, revoke),
            Route(.post, "/v1/tokens/{id}/rotate", .admin, rotate),
        ]
    }

    private func create(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        let terms = try TokenTerms(try JSONReader.read(try await request.wholeBody(context)))
        let granted = try await store.grantToken(
            of: caller.ledger, terms, reporter: Reporter(id: caller.grant.id, via: .service), deadline: .now + timeout)
        return JSONWriter.answer(granted.grant.json(with: granted.token, seq: granted.seq), status: .created)
    }

    private func rotate(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let id = try Self.id(context)
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let name = try members.text("name", min: 1, max: TokenTerms.nameSizeMax)
        let expiresAt = try members.timestamp("expires_at")
        try members.requireNothingElse()
        let granted = try await store.rotateToken(
            of: caller.ledger, id: id, name: name, expiresAt: expiresAt,
            reporter: Reporter(id: caller.grant.id, via: .service), deadline: .now + timeout)
        return JSONWriter.answer(granted.grant.json(with: granted.token, seq: granted.seq), status: .created)
    }

    private func list(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        let grants = try await store.tokens(of: caller.ledger)
        return JSONWriter.answer(["tokens": .array(grants.map(\.json))])
    }

    private func revoke(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let id = try Self.id(context)
        try QueryReader(request).requireNothingElse()
        let placed = try await store.revokeToken(
            of: caller.ledger, id: id, reporter: Reporter(id: caller.grant.id, via: .service),
            deadline: .now + timeout)
        authenticator.forget(tokenID: id)
        return JSONWriter.answer { writer in
            writer.member("id", id)
            writer.member("revoked_at", placed.recordedAt)
            writer.member("seq", placed.seq)
        }
    }

    private static func id(_ context: CallContext) throws -> String {
        let id = try context.path("id")
        guard TokenGrant.isID(id) else {
            throw Refusal(.invalidParameter, "the path holds no token id such as tok_ and 22 characters")
        }
        return id
    }
}

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
        ]
    }

    private func create(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let name = try members.require("name") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: LedgerStore.tokenNameSizeMax)
        }
        let scopes = try members.require("scopes", Self.scopes)
        let expiresAt = try members.timestamp("expires_at")
        try members.requireNothingElse()
        let granted = try await store.grantToken(
            of: caller.ledger, name: name, scopes: scopes, expiresAt: expiresAt,
            reporter: Reporter(id: caller.grant.id, via: .service), deadline: .now + timeout)
        return JSONWriter.answer(status: .created) { writer in
            writer.member("id", granted.grant.id)
            writer.member("token", granted.token.secret)
            writer.member("name", granted.grant.name)
            writer.member(granted.grant.scopes)
            if let expiresAt { writer.member("expires_at", expiresAt) }
            writer.member("seq", granted.seq)
        }
    }

    private static func scopes(_ value: JSONValue) throws(Refusal) -> [Scope] {
        guard let elements = value.elements else { throw Refusal(.invalidMember, "expected a list of scopes") }
        var scopes: [Scope] = []
        for (index, element) in elements.enumerated() {
            guard let scope = element.text.flatMap(Scope.init(rawValue:)), !scopes.contains(scope) else {
                let names = Scope.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(.invalidMember, "expected one of \(names), each once", at: [String(index)])
            }
            scopes.append(scope)
        }
        return scopes
    }

    private func list(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        let grants = try await store.tokens(of: caller.ledger)
        return JSONWriter.answer { writer in
            writer.name("tokens")
            writer.array { writer in
                for grant in grants {
                    writer.object { writer in
                        writer.member("id", grant.id)
                        writer.member("name", grant.name)
                        writer.member(grant.scopes)
                        writer.member("created_at", grant.createdAt)
                        if let expiresAt = grant.expiresAt { writer.member("expires_at", expiresAt) }
                        if let revokedAt = grant.revokedAt { writer.member("revoked_at", revokedAt) }
                    }
                }
            }
        }
    }

    private func revoke(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let id = try context.path("id")
        guard TokenGrant.isID(id) else {
            throw Refusal(.invalidParameter, "the path holds no token id such as tok_ and 22 characters")
        }
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
}

extension JSONWriter {
    fileprivate mutating func member(_ scopes: [Scope]) {
        name("scopes")
        array { writer in
            for scope in scopes { writer.value(scope.rawValue) }
        }
    }
}

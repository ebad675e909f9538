package import Ledger

extension TokenGrant {
    /// The token as every answer shows it; never the secret.
    package var json: JSONValue {
        var members = described
        members.append(.init("created_at", .string(createdAt.text)))
        members.append(.init("granted_by", .string(grantedBy)))
        if let revokedAt { members.append(.init("revoked_at", .string(revokedAt.text))) }
        return .object(members)
    }

    /// The answer to whoever made it, with the secret, this once.
    ///
    /// - Parameter seq: the entry that granted it.
    package func json(with token: BearerToken, seq: Int) -> JSONValue {
        .object(described + [.init("seq", .integer(seq)), .init("token", .string(token.secret))])
    }

    private var described: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("id", .string(id)), .init("name", .string(name)), .init("producer", .string(producer)),
            .init("scopes", .array(scopes.map { .string($0.rawValue) })),
        ]
        if !bindings.isEmpty { members.append(.init("bindings", bindings.json)) }
        if trustsReports { members.append(.init("trusts_reports", true)) }
        if let expiresAt { members.append(.init("expires_at", .string(expiresAt.text))) }
        return members
    }
}

extension TokenTerms {
    /// Reads a request for a token.
    package init(_ value: JSONValue) throws(Refusal) {
        var reader = try MemberReader(value)
        let name = try reader.require("name") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: Self.nameSizeMax)
        }
        self.init(name: name, scopes: try reader.require("scopes", Self.scopes))
        expiresAt = try reader.timestamp("expires_at")
        producer = try reader.text("producer", min: 1, max: Self.nameSizeMax)
        bindings =
            try reader.take("bindings") { (value) throws(Refusal) in try TokenBindings(value) } ?? TokenBindings()
        trustsReports = try reader.flag("trusts_reports") ?? false
        try reader.requireNothingElse()
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
}

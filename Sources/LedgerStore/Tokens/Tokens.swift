import Cryptography
package import Ledger
import Postgres

extension LedgerStore {
    /// The longest name of a token, in characters.
    package static let tokenNameSizeMax = 128

    /// Grants a token: an `access/granted` entry and the row that it describes, in one transaction.
    ///
    /// - Returns: the secret, shown this once, and the entry's place.
    package func grantToken(
        of ledger: StoredLedger, name: String, scopes: [Scope], expiresAt: Timestamp?, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> (token: BearerToken, grant: TokenGrant, seq: Int) {
        let wanted = Scope.allCases.filter(scopes.contains)
        guard !wanted.isEmpty else { throw Refusal(.invalidMember, "a token needs at least one scope", at: ["scopes"]) }
        guard !(wanted.contains(.send) && wanted.contains(.oversight)) else {
            throw Refusal(
                .invalidMember, "one token must not both send and decide: leave out 'send' or 'oversight'",
                at: ["scopes"])
        }
        guard !name.isEmpty, name.unicodeScalars.count <= Self.tokenNameSizeMax,
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw Refusal(
                .invalidMember, "a token's name has 1 to \(Self.tokenNameSizeMax) characters and no control character",
                at: ["name"], limit: Self.tokenNameSizeMax)
        }
        let id = "tok_" + Base64URL.encode(Random.bytes(16))
        let token = BearerToken(ledgerID: ledger.id)
        var data: [JSONValue.Member] = [
            .init("event", "token.granted"), .init("hash", .string(token.hash.hex)), .init("name", .string(name)),
            .init("scopes", .array(wanted.map { .string($0.rawValue) })), .init("token_id", .string(id)),
        ]
        if let expiresAt { data.append(.init("expires_at", .string(expiresAt.text))) }
        let draft = try Draft(
            Event(kind: .access, outcome: "granted", data: data), origin: ledger.origin, reporter: reporter,
            random: Random.bytes)
        let unit = AppendUnit([.init(draft, keys: ledger.keys)]) { placed in
            placed.map { place in
                Self.insertToken(
                    id, hash: token.hash, name: name, scopes: wanted.map(\.rawValue), expiresAt: expiresAt,
                    of: ledger.id, at: place.seq)
            }
        }
        let placed = try await append(unit, to: ledger, deadline: deadline)[0]
        let grant = TokenGrant(
            id: id, name: name, scopes: wanted, expiresAt: expiresAt, createdAt: placed.recordedAt, revokedAt: nil)
        return (token, grant, placed.seq)
    }

    /// Revokes a token: an `access/revoked` entry and the mark in its row, in one transaction. Revoking it again is not
    /// found.
    package func revokeToken(
        of ledger: StoredLedger, id: String, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let draft = try Draft(
            Event(
                kind: .access, outcome: "revoked",
                data: [.init("event", "token.revoked"), .init("token_id", .string(id))]),
            origin: ledger.origin, reporter: reporter, random: Random.bytes)
        let isLive = AppendUnit.Guard(
            """
            SELECT FROM countersign.tokens
            WHERE ledger_id = \(ledger.id) AND token_id = \(id) AND revoked_seq IS NULL
            """
        ) { rows in
            rows.isEmpty ? StoreError(.notFound, "there is no such token that could be revoked", committed: .no) : nil
        }
        let unit = AppendUnit([.init(draft, keys: ledger.keys)], guards: [isLive]) { placed in
            placed.map { Self.revokeToken(id, of: ledger.id, at: $0.seq) }
        }
        return try await append(unit, to: ledger, deadline: deadline)[0]
    }

    /// The row of a token that the entry at `seq` grants.
    static func insertToken(
        _ id: String, hash: Digest, name: String, scopes: [String], expiresAt: Timestamp?, of ledgerID: Int64,
        at seq: Int
    ) -> Statement {
        let expiry: Statement = expiresAt.map { "\(PostgresTimestamp($0))" } ?? "NULL"
        return """
            INSERT INTO countersign.tokens (ledger_id, token_id, hash, name, scopes, expires_at, granted_seq)
            VALUES (\(ledgerID), \(id), \(hash.bytes), \(name), \(scopes), \(fragment: expiry), \(seq))
            """
    }

    /// The mark in the row of a token that the entry at `seq` revokes.
    static func revokeToken(_ id: String, of ledgerID: Int64, at seq: Int) -> Statement {
        """
        UPDATE countersign.tokens SET revoked_seq = \(seq) WHERE ledger_id = \(ledgerID) AND token_id = \(id)
        """
    }

    /// All tokens of the ledger, oldest first.
    package func tokens(of ledger: StoredLedger) async throws(StoreError) -> [TokenGrant] {
        try await grants("t.ledger_id = \(ledger.id)").map(\.grant)
    }

    /// The live grant of a presented token, or nil.
    package func grant(
        of token: BearerToken, timeout: Duration = readTimeout
    ) async throws(StoreError) -> TokenGrant? {
        let found = try await grants(
            "t.ledger_id = \(token.ledgerID) AND t.hash = \(token.hash.bytes)", timeout: timeout
        ).first
        guard let found, ConstantTime.equal(found.hash, token.hash.bytes), found.grant.revokedAt == nil else {
            return nil
        }
        return found.grant
    }

    private func grants(
        _ condition: Statement, timeout: Duration = readTimeout
    ) async throws(StoreError) -> [(grant: TokenGrant, hash: [UInt8])] {
        try await read(timeout: timeout) { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT t.token_id, t.name, t.scopes, t.expires_at, g.recorded_at, r.recorded_at, t.hash,
                    (SELECT halted IS NOT NULL FROM countersign.ledgers WHERE ledger_id = t.ledger_id)
                FROM countersign.tokens t
                CROSS JOIN LATERAL (
                    SELECT recorded_at FROM countersign.entries WHERE ledger_id = t.ledger_id AND seq = t.granted_seq
                    LIMIT 1
                ) g
                LEFT JOIN LATERAL (
                    SELECT recorded_at FROM countersign.entries WHERE ledger_id = t.ledger_id AND seq = t.revoked_seq
                    LIMIT 1
                ) r ON true
                WHERE \(fragment: condition) ORDER BY t.granted_seq
                """, deadline: deadline)
            return try rows.map { row in
                let grant = TokenGrant(
                    id: try row.text(0), name: try row.text(1),
                    scopes: try row.array(2, of: String.self).compactMap(Scope.init(rawValue:)),
                    expiresAt: try row.timestampIfPresent(3).map(Timestamp.init),
                    createdAt: Timestamp(try row.timestamp(4)),
                    revokedAt: try row.timestampIfPresent(5).map(Timestamp.init), isLedgerHalted: try row.bool(7))
                return (grant, try row.bytes(6))
            }
        }
    }
}

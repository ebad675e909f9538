import Cryptography
package import Ledger
import Postgres

extension LedgerStore {
    /// Grants a token: an `access/granted` entry and the row that it describes, in one transaction.
    ///
    /// - Returns: the secret, shown this once, and the entry's place.
    package func grantToken(
        of ledger: StoredLedger, _ terms: TokenTerms, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> (token: BearerToken, grant: TokenGrant, seq: Int) {
        try await grantToken(of: ledger, terms, rotating: nil, reporter: reporter, deadline: deadline)
    }

    /// Grants the successor of a live token: with its scopes, its bindings and its producer, so that what the old one
    /// sent is recognised when the new one repeats it. The old one stays valid until it is revoked.
    ///
    /// - Parameters:
    ///   - name: the successor's; nil for the old one's.
    ///   - expiresAt: when the successor ends; nil for never.
    /// - Throws: `not_found` if there is no live token with this id.
    package func rotateToken(
        of ledger: StoredLedger, id: String, name: String? = nil, expiresAt: Timestamp? = nil, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> (token: BearerToken, grant: TokenGrant, seq: Int) {
        guard let old = try await tokens(of: ledger).first(where: { $0.id == id }), old.revokedAt == nil else {
            throw Self.noSuchToken
        }
        var terms = TokenTerms(
            name: name ?? old.name, scopes: old.scopes, expiresAt: expiresAt, producer: old.producer)
        terms.bindings = old.bindings
        terms.trustsReports = old.trustsReports
        return try await grantToken(of: ledger, terms, rotating: id, reporter: reporter, deadline: deadline)
    }

    private func grantToken(
        of ledger: StoredLedger, _ terms: TokenTerms, rotating old: String?, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> (token: BearerToken, grant: TokenGrant, seq: Int) {
        var terms = terms
        terms.scopes = Scope.allCases.filter(terms.scopes.contains)
        try terms.check()
        if old == nil { try terms.checkProducer() }
        let id = "tok_" + Base64URL.encode(Random.bytes(16))
        let token = BearerToken(ledgerID: ledger.id)
        let data = JSONValue.object(Self.data(granting: terms, as: id, token.hash, rotating: old))
        let draft = try Draft(
            Event(kind: .access, outcome: "granted", data: data.members), origin: ledger.origin, reporter: reporter,
            random: Random.bytes)
        let unit = AppendUnit(
            [.init(draft, keys: ledger.keys)], guards: old.map { [Self.isLive($0, of: ledger)] } ?? [],
            changes: [.token(id)]
        ) { placed in
            placed.compactMap { place in
                TokenRow(granted: data, by: reporter.id, at: place.seq)?.insert(into: ledger.id)
            }
        }
        let placed = try await append(unit, to: ledger, deadline: deadline)[0]
        let grant = TokenGrant(
            id: id, name: terms.name, scopes: terms.scopes, expiresAt: terms.expiresAt,
            producer: terms.producer ?? id, grantedBy: reporter.id, bindings: terms.bindings,
            trustsReports: terms.trustsReports, createdAt: placed.recordedAt, revokedAt: nil)
        return (token, grant, placed.seq)
    }

    private static func data(
        granting terms: TokenTerms, as id: String, _ hash: Digest, rotating old: String?
    ) -> [JSONValue.Member] {
        var data: [JSONValue.Member] = [
            .init("event", "token.granted"), .init("hash", .string(hash.hex)), .init("name", .string(terms.name)),
            .init("producer", .string(terms.producer ?? id)),
            .init("scopes", .array(terms.scopes.map { .string($0.rawValue) })), .init("token_id", .string(id)),
        ]
        if let expiresAt = terms.expiresAt { data.append(.init("expires_at", .string(expiresAt.text))) }
        if let old { data.append(.init("rotates", .string(old))) }
        if !terms.bindings.isEmpty { data.append(.init("bindings", terms.bindings.json)) }
        if terms.trustsReports { data.append(.init("trusts_reports", true)) }
        return data
    }

    private static let noSuchToken = StoreError(
        .notFound, "there is no such token that could be revoked or rotated", committed: .no)

    private static func isLive(_ id: String, of ledger: StoredLedger) -> AppendUnit.Guard {
        AppendUnit.Guard(
            reading: [.token(id)],
            """
            SELECT FROM countersign.tokens
            WHERE ledger_id = \(ledger.id) AND token_id = \(id) AND revoked_seq IS NULL
            """
        ) { rows in rows.isEmpty ? noSuchToken : nil }
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
        let unit = AppendUnit(
            [.init(draft, keys: ledger.keys)], guards: [Self.isLive(id, of: ledger)], changes: [.token(id)]
        ) { placed in placed.map { Self.revokeToken(id, of: ledger.id, at: $0.seq) } }
        return try await append(unit, to: ledger, deadline: deadline)[0]
    }

    /// The mark in the row of a token that the entry at `seq` revokes.
    static func revokeToken(_ id: String, of ledgerID: Int64, at seq: Int) -> Statement {
        """
        UPDATE countersign.tokens SET revoked_seq = \(seq) WHERE ledger_id = \(ledgerID) AND token_id = \(id)
        """
    }

    /// All tokens of the ledger, oldest first.
    package func tokens(of ledger: StoredLedger) async throws(StoreError) -> [TokenGrant] {
        try await grants(of: ledger.id, "true").map(\.grant)
    }

    /// The names under which idempotency keys of the ledger may have been used: those of its tokens, live or not, and
    /// that of imports.
    static func producers(
        of ledger: StoredLedger, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [String] {
        let rows = try await connection.query(
            "SELECT DISTINCT producer FROM countersign.tokens WHERE ledger_id = \(ledger.id)", deadline: deadline)
        return try rows.map { try $0.text(0) } + [TokenTerms.importProducer]
    }

    /// The live grant of a presented token, or nil.
    package func grant(
        of token: BearerToken, timeout: Duration = readTimeout
    ) async throws(StoreError) -> TokenGrant? {
        let found = try await grants(
            of: token.ledgerID, "t.hash = \(token.hash.bytes)", timeout: timeout
        ).first
        guard let found, ConstantTime.equal(found.hash, token.hash.bytes), found.grant.revokedAt == nil else {
            return nil
        }
        return found.grant
    }

    private func grants(
        of ledger: Int64, _ condition: Statement, timeout: Duration = readTimeout
    ) async throws(StoreError) -> [(grant: TokenGrant, hash: [UInt8])] {
        try await read(timeout: timeout) { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT t.token_id, t.name, t.scopes, t.expires_at, g.recorded_at, r.recorded_at, t.hash,
                    (SELECT halted IS NOT NULL FROM countersign.ledgers WHERE ledger_id = \(ledger)),
                    t.producer, t.granted_by, t.bindings, t.trusts_reports
                FROM countersign.tokens t
                CROSS JOIN LATERAL (
                    SELECT recorded_at FROM countersign.entries WHERE ledger_id = \(ledger) AND seq = t.granted_seq
                    LIMIT 1
                ) g
                LEFT JOIN LATERAL (
                    SELECT recorded_at FROM countersign.entries WHERE ledger_id = \(ledger) AND seq = t.revoked_seq
                    LIMIT 1
                ) r ON true
                WHERE t.ledger_id = \(ledger) AND \(fragment: condition) ORDER BY t.granted_seq
                """, deadline: deadline)
            return try rows.map { row in
                let grant = TokenGrant(
                    id: try row.text(0), name: try row.text(1),
                    scopes: try row.array(2, of: String.self).compactMap(Scope.init(rawValue:)),
                    expiresAt: try row.timestampIfPresent(3).map(Timestamp.init), producer: try row.text(8),
                    grantedBy: try row.text(9), bindings: try TokenBindings(stored: row.textIfPresent(10)),
                    trustsReports: try row.bool(11), createdAt: Timestamp(try row.timestamp(4)),
                    revokedAt: try row.timestampIfPresent(5).map(Timestamp.init), isLedgerHalted: try row.bool(7))
                return (grant, try row.bytes(6))
            }
        }
    }
}

extension TokenBindings {
    /// The bindings as the column has them.
    init(stored text: String?) throws {
        self.init()
        if let text { self = try TokenBindings(JSONReader.read(Array(text.utf8))) }
    }
}

import Cryptography
import Ledger
import Postgres

/// A row of `tokens`, as the entry that granted the token calls for it and as it is stored.
struct TokenRow: Equatable, Sendable {
    let id: String
    /// SHA-256 of the token, in hex.
    var hash: String
    var name: String
    var scopes: [String]
    var expiresAt: Timestamp?
    var producer: String
    /// The reporter of the entry.
    var grantedBy: String
    /// The token that it succeeds.
    var rotates: String?
    /// As canonical JSON.
    var bindings: [UInt8]?
    var trustsReports: Bool
    var grantedSeq: Int
    var revokedSeq: Int?

    /// The row that an `access/granted` entry calls for.
    ///
    /// - Parameter data: the entry's; nil is returned where it grants no token.
    init?(granted data: JSONValue, by reporter: String, at seq: Int) {
        guard data["event"]?.text == "token.granted", let id = data["token_id"]?.text else { return nil }
        self.id = id
        hash = data["hash"]?.text ?? ""
        name = data["name"]?.text ?? ""
        scopes = data["scopes"]?.elements?.compactMap(\.text) ?? []
        expiresAt = data["expires_at"]?.text.flatMap { Timestamp($0) }
        producer = data["producer"]?.text ?? id
        grantedBy = reporter
        rotates = data["rotates"]?.text
        bindings = data["bindings"].map { CanonicalWriter.bytes(of: $0) }
        trustsReports = if case .bool(true)? = data["trusts_reports"] { true } else { false }
        grantedSeq = seq
    }

    /// The columns that `init(_:)` reads.
    static let columns: Statement = """
        token_id, hash, name, scopes, expires_at, producer, granted_by, rotates, bindings, trusts_reports, granted_seq,
        revoked_seq
        """

    /// The row as it is stored.
    init(_ row: Row) throws {
        id = try row.text(0)
        hash = Hex.encode(try row.bytes(1))
        name = try row.text(2)
        scopes = try row.array(3, of: String.self)
        expiresAt = try row.timestampIfPresent(4).map(Timestamp.init)
        producer = try row.text(5)
        grantedBy = try row.text(6)
        rotates = try row.textIfPresent(7)
        bindings = try row.textIfPresent(8).map { Array($0.utf8) }
        trustsReports = try row.bool(9)
        grantedSeq = try row.int(10, clampedTo: Entry.claimedSeqs)
        revokedSeq = try row.intIfPresent(11, clampedTo: Entry.claimedSeqs)
    }

    /// Writes the row; nil if the hash is none.
    func insert(into ledgerID: Int64) -> Statement? {
        guard let hash = Digest(hex: hash) else { return nil }
        let expiry: Statement = expiresAt.map { "\(PostgresTimestamp($0))" } ?? "NULL"
        let rotates: Statement = rotates.map { "\($0)" } ?? "NULL"
        let bindings: Statement = bindings.map { "\(String(decoding: $0, as: UTF8.self))" } ?? "NULL"
        return """
            INSERT INTO countersign.tokens (
                ledger_id, token_id, hash, name, scopes, expires_at, producer, granted_by, rotates, bindings,
                trusts_reports, granted_seq)
            VALUES (
                \(ledgerID), \(id), \(hash.bytes), \(name), \(scopes), \(fragment: expiry), \(producer), \(grantedBy),
                \(fragment: rotates), \(fragment: bindings), \(trustsReports), \(grantedSeq))
            """
    }
}

import Cryptography
import Ledger
import Postgres

/// What is checked of the tables beside the entries that identities and DNS evidence stand in.
extension Verifier {
    /// How many rows are read at once.
    private static let pageMax = 10_000

    /// What the range's checks rest on is there, under the digest of what it says.
    mutating func checkEvidence(_ expected: [(seq: Int, digest: Digest)]) async throws {
        guard !expected.isEmpty else { return }
        let rows = try await connection.query(
            """
            SELECT t.n, d.is_right
            FROM unnest(\(expected.map(\.digest.bytes))) WITH ORDINALITY AS t (digest, n)
            LEFT JOIN LATERAL (
                SELECT sha256(convert_to(evidence, 'UTF8')) = digest AS is_right FROM countersign.dns_evidence
                WHERE ledger_id = \(ledger.id) AND digest = t.digest LIMIT 1
            ) d ON true
            WHERE d.is_right IS NOT TRUE ORDER BY t.n
            """, deadline: deadline)
        for row in rows {
            let (seq, digest) = expected[try row.int(0, in: 1...expected.count) - 1]
            report.add(
                Finding(
                    .evidence, seq: seq, table: "dns_evidence",
                    try row.isNull(1)
                        ? "the evidence \(digest.hex) that the entry names is missing"
                        : "the evidence \(digest.hex) that the entry names is not what its digest says"))
        }
    }

    /// Tables that follow from all entries together.
    mutating func checkIdentities() async throws {
        try await checkIdentityVerifications()
        try await checkSettings()
    }

    /// The checks of each identity are those that entries record. A lost one would let an older one seem to be in
    /// force.
    private mutating func checkIdentityVerifications() async throws {
        var stored: [[UInt8]: RowSum] = [:]
        // As the row has it, so that the next page begins behind it.
        var last: (identity: String, seq: Int64) = ("", -1)
        var rowBytes = RowBytes()
        while true {
            let rows = try await connection.query(
                """
                SELECT identity, seq, assessment FROM countersign.identity_verifications
                WHERE ledger_id = \(ledger.id) AND (identity, seq) > (\(last.identity), \(last.seq))
                ORDER BY identity, seq LIMIT \(Self.pageMax)
                """, deadline: deadline)
            for row in rows {
                last = (try row.text(0), try row.id(1))
                let seq = try row.int(1, clampedTo: Entry.claimedSeqs)
                // What was appended since is not verified now.
                guard seq < report.size else { continue }
                rowBytes.begin()
                rowBytes.append(last.identity.utf8)
                rowBytes.append(seq)
                rowBytes.append(try row.text(2).utf8)
                stored[Array(last.identity.utf8), default: RowSum()].add(
                    expectations.codes.code(of: rowBytes.bytes.span))
            }
            guard rows.count == Self.pageMax else { break }
        }
        let expected = expectations.identityChecks
        for identity in Set(stored.keys).union(expected.keys) where stored[identity] != expected[identity] {
            let name = String(decoding: identity, as: UTF8.self)
            let counts = "\(stored[identity]?.count ?? 0) rows, \(expected[identity]?.count ?? 0) entries"
            report.add(
                Finding(
                    .identity, table: "identity_verifications",
                    "the checks of \(name) are not those that its entries record: \(counts)"))
        }
    }

    /// Each identity stands here as the entry has it that set it last.
    private mutating func checkSettings() async throws {
        let rows = try await connection.query(
            """
            SELECT identity, settings, set_seq FROM countersign.identities
            WHERE ledger_id = \(ledger.id) AND set_seq < \(report.size)
            """, deadline: deadline)
        var expected = expectations.identities
        for row in rows {
            let (identity, setSeq) = (try row.text(0), try row.int(2, clampedTo: Entry.claimedSeqs))
            guard let wanted = expected.removeValue(forKey: Array(identity.utf8)) else {
                report.add(Finding(.orphan, table: "identities", "no entry set the identity \(identity)"))
                continue
            }
            guard try wanted.setSeq != setSeq || !row.text(1).utf8.elementsEqual(wanted.settings) else { continue }
            report.add(
                Finding(
                    .identity, seq: wanted.setSeq, table: "identities",
                    "the identity \(identity) differs from the entry that set it"))
        }
        try await checkMissing(expected)
    }

    /// An identity that was set anew after the size was pinned has a row of a later entry: it is not missing.
    private mutating func checkMissing(_ missing: [[UInt8]: (setSeq: Int, settings: [UInt8])]) async throws {
        for (identity, wanted) in missing {
            let name = String(decoding: identity, as: UTF8.self)
            let isThere = try await connection.query(
                """
                SELECT FROM countersign.identities
                WHERE ledger_id = \(ledger.id) AND identity = \(name) AND set_seq >= \(report.size)
                """, deadline: deadline)
            guard isThere.isEmpty else { continue }
            report.add(
                Finding(.identity, seq: wanted.setSeq, table: "identities", "the identity \(name) is missing"))
        }
    }
}

import Cryptography
import Ledger
import Postgres

/// What is checked of the tables of checkpoints and of the keys that sign them.
extension Verifier {
    /// Published checkpoints of the trees that end in `range`, with their timestamps.
    func storedCheckpoints(_ range: Range<Int>) async throws -> [Int: Expectations.Checkpoint] {
        let rows = try await connection.query(
            """
            SELECT c.size, c.note, t.token, t.stamped_at
            FROM countersign.checkpoints c
            LEFT JOIN countersign.timestamps t ON t.ledger_id = \(ledger.id) AND t.size = c.size
            WHERE c.ledger_id = \(ledger.id) AND c.size > \(range.lowerBound) AND c.size <= \(range.upperBound)
            """, deadline: deadline)
        var checkpoints: [Int: Expectations.Checkpoint] = [:]
        for row in rows {
            checkpoints[try row.int(0, clampedTo: Entry.claimedSeqs)] = Expectations.Checkpoint(
                note: try row.text(1), token: try row.bytesIfPresent(2),
                stampedAt: try row.timestampIfPresent(3).map(Timestamp.init))
        }
        return checkpoints
    }

    /// Takes the keys that entries before the first one that is read name.
    mutating func loadSigningKeys(before seq: Int) async throws {
        let rows = try await connection.query(
            """
            SELECT vkey, seq FROM countersign.signing_keys WHERE ledger_id = \(ledger.id) AND seq < \(seq) ORDER BY seq
            """, deadline: deadline)
        for row in rows {
            expectations.addSigningKey(try row.text(0), at: try row.int(1, clampedTo: Entry.claimedSeqs))
        }
    }

    /// Holds the published checkpoints to the roots of the trees that the lines make.
    mutating func checkCheckpoints(_ roots: [Int: Digest]) {
        for (size, stored) in expectations.checkpoints.sorted(by: { $0.key < $1.key }) {
            guard let root = roots[size] else { continue }
            expectations.checkpoints[size] = nil
            if let reason = fault(in: stored.note, size: size, root: root) {
                report.add(Finding(.checkpoint, table: "checkpoints", "the checkpoint of size \(size) \(reason)"))
            } else if let token = stored.token, !isRight(token, stored) {
                report.add(
                    Finding(
                        .timestamp, table: "timestamps",
                        "the timestamp of size \(size) is not over its checkpoint, or of another time"))
            }
        }
    }

    private func fault(in text: String, size: Int, root: Digest) -> String? {
        guard let note = try? SignedNote(Array(text.utf8)), let checkpoint = try? Checkpoint(note.text) else {
            return "cannot be read"
        }
        guard checkpoint.origin == KeyName(ledger.origin), checkpoint.size == size else { return "is another one's" }
        guard checkpoint.root == root else { return "has another root than its entries" }
        let named = expectations.signingKeys.prefix { $0.seq < size }.map(\.key)
        guard let current = named.last, case .verified(let signers) = note.verify(named), signers.contains(current)
        else { return "is not signed by the key that was current then" }
        return nil
    }

    /// Whose the token is, nothing in the database says: `countersign verify-timestamp` takes that from outside.
    private func isRight(_ token: [UInt8], _ stored: Expectations.Checkpoint) -> Bool {
        guard let note = try? SignedNote(Array(stored.note.utf8)),
            let statement = TimestampToken(der: token)?.statement
        else { return false }
        return statement.digest == SHA256.digest(note.own(KeyName(ledger.origin)).bytes)
            && Timestamp(microseconds: statement.microseconds) == stored.stampedAt
    }

    mutating func checkSigningKeys() async throws {
        for seq in expectations.wrongRotations {
            report.add(
                Finding(.signingKey, seq: seq, table: "entries", "the key before did not sign for the new one"))
        }
        let rows = try await connection.query(
            """
            SELECT seq, vkey FROM countersign.signing_keys WHERE ledger_id = \(ledger.id) AND seq < \(report.size)
            """, deadline: deadline)
        var stored: [Int: String] = [:]
        for row in rows { stored[try row.int(0, clampedTo: Entry.claimedSeqs)] = try row.text(1) }
        for (seq, key) in expectations.signingKeys where stored.removeValue(forKey: seq) != key.vkey {
            report.add(
                Finding(.signingKey, seq: seq, table: "signing_keys", "the key is not the one that its entry names"))
        }
        for seq in stored.keys.sorted() {
            report.add(Finding(.orphan, seq: seq, table: "signing_keys", "the entry names no key"))
        }
    }
}

import Cryptography
import Ledger
import Postgres

/// An entry that an erasure touches, and what it leaves of its sealed values.
struct Touched: Sendable {
    let seq: Int
    /// The disclosures that stay, joined by "~".
    let rest: String
    /// The tag of the entry's idempotency key: what tells its request from others goes as well.
    let keyTag: [UInt8]?

    /// The columns that `init` reads, of an entry `e`.
    static func columns(of ledger: Int64) -> Statement {
        """
        e.seq, e.line,
        (SELECT d.disclosures FROM countersign.disclosures d WHERE d.ledger_id = \(ledger) AND d.seq = e.seq),
        ARRAY(
            SELECT r.pseudonym FROM countersign.erased_ranges r
            WHERE r.ledger_id = \(ledger) AND r.first_seq >= e.seq >> 10 << 10 AND r.first_seq <= e.seq
                AND r.last_seq >= e.seq AND r.pseudonym IS NOT NULL
        )
        """
    }

    /// Reads a row of `columns`. Nil if there is nothing to erase: the entry seals nothing that is still there and
    /// would go, or the same person was erased in it before.
    ///
    /// - Parameters:
    ///   - pseudonym: who is erased; nil for everybody.
    ///   - isListed: whether an entry that is about the person is touched even if nothing of it is left.
    init?(_ row: Row, erasing pseudonym: Pseudonym?, isListed: Bool) throws {
        let line = Array(try row.text(1).utf8)
        let disclosures = try row.textIfPresent(2) ?? ""
        let gone = try row.array(3, of: [UInt8].self).compactMap { Pseudonym($0) }
        // A line that is no entry tells nothing about its values: then none stays.
        let entry = try? Entry(line: line)
        if let pseudonym, gone.contains(pseudonym) { return nil }
        seq = try row.int(0, in: Entry.seqs)
        rest = entry.map { SealedRest.rest(of: disclosures, in: $0, gone: gone, erasing: pseudonym) } ?? ""
        keyTag = entry?.idempotencyTag
        let isAbout = pseudonym.map { entry?.subjects.contains($0) ?? true } ?? false
        guard rest != disclosures || (isListed && isAbout) else { return nil }
    }
}

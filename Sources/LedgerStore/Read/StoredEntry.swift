package import Cryptography
package import Ledger
import Postgres

/// An entry as a reader gets it.
package struct StoredEntry: Sendable {
    package let seq: Int
    package let leafHash: Digest
    /// The canonical line, byte for byte.
    package let line: String
    /// The sealed values with their salts; empty where there are none, where they were not asked for, or where they
    /// were erased.
    package let disclosures: [Disclosure]
    /// The last `access/erased` entry that lists this one, where disclosures were asked for.
    package let erasedBy: Int?
    /// Whether it is a decision or a verification on the word of a producer alone: a claim, which counts as neither.
    package let isClaim: Bool

    package init(
        seq: Int, leafHash: Digest, line: String, disclosures: [Disclosure] = [], erasedBy: Int? = nil,
        isClaim: Bool = false
    ) {
        self.isClaim = isClaim
        self.seq = seq
        self.leafHash = leafHash
        self.line = line
        self.disclosures = disclosures
        self.erasedBy = erasedBy
    }
}

/// One page of an answer.
package struct EntryPage: Sendable {
    package let entries: [StoredEntry]
    /// The size of the tree that the whole answer is cut at.
    package let size: Int
    /// Present while there may be more; a page may hold fewer entries than asked for.
    package let nextCursor: String?
}

extension StoredEntry {
    /// Reads `seq, leaf_hash, line, disclosures, erased_by, is_claim` from column `first` on.
    init(_ row: Row, from first: Int) throws {
        guard let leafHash = Digest(try row.bytes(.index(first + 1))) else {
            throw PostgresError(.decoding, "a leaf hash has another length than 32 bytes")
        }
        let texts = try row.textIfPresent(.index(first + 3))?.split(separator: "~") ?? []
        self.init(
            seq: try row.int(.index(first), in: Entry.seqs), leafHash: leafHash, line: try row.text(.index(first + 2)),
            disclosures: texts.map { Disclosure(text: String($0)) },
            erasedBy: try row.intIfPresent(.index(first + 4), in: Entry.seqs), isClaim: try row.bool(.index(first + 5)))
    }
}

import Cryptography
package import Ledger

/// A signed checkpoint that anybody who may read the ledger can have.
package struct PublishedCheckpoint: Sendable, Equatable {
    /// The note with all signatures that it has got so far.
    package let note: SignedNote
    /// What the note says.
    package let checkpoint: Checkpoint
    /// When the ledger's key signed it.
    package let signedAt: Timestamp
    /// Whether it stays for ever, as far as that was looked up.
    package let isKept: Bool
    /// Whether enough witnesses for the policy of the service have signed it.
    package let isWitnessed: Bool
    /// Whether a timestamp authority has stamped it, as far as that was looked up.
    package let isTimestamped: Bool

    package var size: Int { checkpoint.size }

    package init(
        _ note: SignedNote, _ checkpoint: Checkpoint, signedAt: Timestamp, isKept: Bool = false,
        isWitnessed: Bool = false, isTimestamped: Bool = false
    ) {
        self.note = note
        self.checkpoint = checkpoint
        self.signedAt = signedAt
        self.isKept = isKept
        self.isWitnessed = isWitnessed
        self.isTimestamped = isTimestamped
    }

    /// The checkpoint as the ledger signed it, without the signatures of witnesses: what a timestamp is over.
    package var ownNote: SignedNote { note.own(checkpoint.origin) }
}

extension Checkpoint {
    /// How an entry cites the last checkpoint of another ledger.
    var json: JSONValue {
        .object([
            .init("ledger", .string(origin.text)), .init("root", .string(root.hex)), .init("size", .integer(size)),
        ])
    }
}

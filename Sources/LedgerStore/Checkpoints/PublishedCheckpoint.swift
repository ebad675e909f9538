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

    package var size: Int { checkpoint.size }

    package init(_ note: SignedNote, _ checkpoint: Checkpoint, signedAt: Timestamp) {
        self.note = note
        self.checkpoint = checkpoint
        self.signedAt = signedAt
    }
}

extension Checkpoint {
    /// How an entry cites the last checkpoint of another ledger.
    var json: JSONValue {
        .object([
            .init("ledger", .string(origin.text)), .init("root", .string(root.hex)), .init("size", .integer(size)),
        ])
    }
}

package import Ledger

/// What was erased, and where that is recorded.
package struct Erasure: Sendable {
    /// The `access/erased` entries, in order: one, unless the list is too long for a line.
    package internal(set) var erasedBy: [Int] = []
    /// The entries that were touched.
    package internal(set) var seqs = SeqRanges()
    /// Whether the ledger knew the address. Where it did not, the wish alone is recorded.
    package internal(set) var foundSubject = false
    package internal(set) var recordedAt = Timestamp(microseconds: 0)

    /// How it ended.
    package enum Outcome: Sendable {
        case erased(Erasure)
        /// Nothing was erased: these holds stand in the way, and the entry at `seq` says so.
        case held(holds: [String], seq: Int)
    }

    /// Why entries are erased: the value of `data.event`.
    enum Event: String {
        case erasure, retention
    }
}

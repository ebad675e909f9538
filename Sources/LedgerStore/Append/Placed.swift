package import Cryptography
package import Ledger

/// The place that an entry has in the ledger.
package struct Placed: Sendable {
    package let seq: Int
    package let leafHash: Digest
    package let recordedAt: Timestamp
    /// Whether the entry stood there before this request.
    package var replayed = false
    /// The earlier observation of the same step attempt with other content.
    package var conflictsWith: Int?
}

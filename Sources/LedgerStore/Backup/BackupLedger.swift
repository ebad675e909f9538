package import Cryptography
package import Ledger

/// What a backup holds of a ledger.
package struct BackupLedger: Sendable {
    /// The largest tree that a database has room for.
    package static let sizeMax = 1_000_000_000_000

    package let origin: Origin
    /// 0 for a ledger that was never begun: only its name is taken.
    package let size: Int
    package let root: Digest
    /// Nil where the ledger was made without a key.
    package let keys: KeySuccession?

    package init(origin: Origin, size: Int, root: Digest, keys: KeySuccession?) {
        self.origin = origin
        self.size = size
        self.root = root
        self.keys = keys
    }
}

/// Why a backup cannot be taken, or is refused: a sentence with the place in it, and never a value of a row.
package struct BackupFault: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(_ description: String) { self.description = description }
}

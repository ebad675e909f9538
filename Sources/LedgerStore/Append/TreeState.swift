import Cryptography
import Ledger

/// The right edge of the ledger as the appender keeps it between groups.
struct TreeState: Sendable {
    var builder: TileBuilder
    /// The leaf hash of the last entry.
    var lastLeafHash: Digest
    /// `recorded_at` of the last entry.
    var lastRecordedAt: Timestamp

    var size: Int { builder.size }
    var root: Digest { builder.root }
}

/// One thing that is wrong in the database, named by what it is and where.
package struct Finding: Sendable, Equatable {
    /// What did not hold.
    package enum Check: Sendable, Equatable {
        /// A line that is not canonical JSON with a complete envelope.
        case line
        /// An entry that is missing, or stands in another place than its line says.
        case seq
        /// A line of another ledger.
        case origin
        /// `prev` is not the leaf hash of the entry before.
        case previous
        /// The stored leaf hash is not that of the line.
        case leafHash
        /// `recorded_at` goes back.
        case recordedAt
        /// A projected column differs from the line.
        case column(String)
        case entryKey, disclosure, key, subject, tile, head, hour, rollup, watermark, token, ledger, migration
        case evidence, identity, report, erasure, hold, checkpoint, signingKey, timestamp
        /// The tree is smaller than, or differs from, the one that was expected.
        case truncated
        /// A row that follows from no entry.
        case orphan

        /// The check's name in reports.
        package var name: String {
            switch self {
            case .leafHash: "leaf_hash"
            case .recordedAt: "recorded_at"
            case .column(let name): "column:\(name)"
            case .entryKey: "entry_key"
            case .signingKey: "signing_key"
            default: "\(self)"
            }
        }
    }

    package let check: Check
    /// The entry that is broken; absent where the fault is not one entry's.
    package let seq: Int?
    /// The table that holds the fault.
    package let table: String
    /// A sentence without personal data.
    package let reason: String

    package init(_ check: Check, seq: Int? = nil, table: String, _ reason: String) {
        self.check = check
        self.seq = seq
        self.table = table
        self.reason = reason
    }
}

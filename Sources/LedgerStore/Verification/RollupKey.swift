import Cryptography
import Ledger

/// What identifies a row of `rollups`.
struct RollupKey: Hashable, Sendable {
    let hour: Timestamp
    let sender: String
    let kind: String
    let oversightMode: String
    let outcome: String
    let via: String

    /// Stands for the key in tables that are asked for each entry.
    func code(_ codes: SipHash) -> UInt128 {
        var bytes = RowBytes()
        bytes.append(Int(hour.microseconds))
        for text in [sender, kind, oversightMode, outcome, via] { bytes.append(text.utf8) }
        return codes.code(of: bytes.bytes.span)
    }
}

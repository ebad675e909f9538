/// The entries that one sum of rows stands for. Where two sums differ, its entries are read again to name the row; so a
/// section is small beside a ledger, and their number is small beside its rows.
enum Section {
    static let size = 1 << 15

    static func of(_ seq: Int) -> Int { seq / size }

    /// The entries of a section, up to the ledger's size.
    static func range(_ section: Int, upTo size: Int) -> Range<Int> {
        min(section * Self.size, size)..<min((section + 1) * Self.size, size)
    }
}

import Cryptography
import Ledger

/// Where a reader goes on: the next `seq`, the direction, the size that the first page pinned and the filter's digest,
/// sealed with a key of the ledger so that only its own cursors are taken back.
struct Cursor: Sendable {
    let position: Int
    let order: EntryQuery.Order
    let size: Int

    private static let version: UInt8 = 1
    private static let sizeBytes = 2 + 8 + 8 + LedgerKeys.tagSize

    func text(filter: [UInt8], keys: LedgerKeys) -> String {
        var content: [UInt8] = [Self.version, order == .ascending ? 0 : 1]
        for number in [position, size] {
            for shift in stride(from: 56, through: 0, by: -8) { content.append(UInt8(number >> shift & 255)) }
        }
        return Base64URL.encode(content + keys.cursorTag(of: content + filter))
    }

    init(position: Int, order: EntryQuery.Order, size: Int) {
        self.position = position
        self.order = order
        self.size = size
    }

    /// Opens a cursor that this ledger gave out for the same filter and order.
    init(_ text: String, filter: [UInt8], order: EntryQuery.Order, keys: LedgerKeys) throws(StoreError) {
        let refusal = StoreError(
            .invalidCursor, "the cursor does not belong to this query; start again without one")
        guard text.utf8.count <= 100, let bytes = Base64URL.decode(text), bytes.count == Self.sizeBytes else {
            throw refusal
        }
        let content = Array(bytes.prefix(Self.sizeBytes - LedgerKeys.tagSize))
        let tag = Array(bytes.suffix(LedgerKeys.tagSize))
        guard ConstantTime.equal(tag, keys.cursorTag(of: content + filter)), content[0] == Self.version,
            content[1] == (order == .ascending ? 0 : 1)
        else { throw refusal }
        let number = { (offset: Int) in content[offset..<offset + 8].reduce(0) { $0 << 8 | Int($1) } }
        self.init(position: number(2), order: order, size: number(10))
    }
}

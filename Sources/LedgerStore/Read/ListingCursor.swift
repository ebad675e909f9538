import Cryptography
package import Ledger

/// Where a reader of a listing beside the entries goes on: a place, bound to the listing and its filter and sealed with
/// a key of the ledger, like the cursors of entries.
package struct ListingCursor: Sendable {
    private let filter: [UInt8]
    private let ledger: StoredLedger

    /// - Parameters:
    ///   - listing: the name of the listing.
    ///   - filter: what it is narrowed to.
    package init(_ listing: String, filter: [JSONValue.Member], of ledger: StoredLedger) {
        let content: JSONValue = ["filter": .object(filter), "listing": .string(listing)]
        self.filter = Array(SHA256.digest(CanonicalWriter.bytes(of: content)).bytes.prefix(16))
        self.ledger = ledger
    }

    /// The text for a next page that begins at `position`.
    package func text(at position: Int) -> String {
        Cursor(position: position, order: .descending, size: 0).text(filter: filter, keys: ledger.keys)
    }

    /// Where the page of a cursor begins that this ledger gave out for the same listing and filter.
    package func position(in text: String) throws(StoreError) -> Int {
        try Cursor(text, filter: filter, order: .descending, keys: ledger.keys).position
    }
}

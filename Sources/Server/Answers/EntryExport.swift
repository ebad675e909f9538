import Ledger
package import LedgerStore

/// An export of what a query describes, cut at a size, piece by piece. Entries below a size never change, so each piece
/// is read by itself, and a reader may take as long as it likes between two.
package struct EntryExport: Sendable {
    /// Where a piece begins.
    package struct Place: Sendable {
        fileprivate var left: Range<Int>
        fileprivate var cursor: String?
        fileprivate var isFirst = false
        /// Entries that make a piece of about `pieceSize`, as far as one can tell from the last one.
        fileprivate var count = countFirst
    }

    package struct Piece: Sendable {
        /// What it consists of, in order; none is empty.
        package let parts: [[UInt8]]
        package let count: Int
        /// How far into the ledger it reaches.
        package let end: Int
        /// Where the next one begins; nil after the last.
        package let next: Place?
    }

    private let store: LedgerStore
    private let ledger: StoredLedger
    private let query: EntryQuery
    private let format: ExportFormat
    private let withDisclosures: Bool
    private let size: Int

    private static let pieceSize = 4 << 20
    private static let countFirst = 200
    private static let counts = 16...4_000

    package init(
        _ query: EntryQuery, of ledger: StoredLedger, in store: LedgerStore, size: Int, format: ExportFormat,
        withDisclosures: Bool
    ) {
        self.store = store
        self.ledger = ledger
        self.query = query
        self.format = format
        self.withDisclosures = withDisclosures
        self.size = size
    }

    /// The first piece.
    package func first() async throws(StoreError) -> Piece {
        let range =
            hasLinesOnly ? try await store.range(of: ledger, from: query.from, to: query.to, size: size) : 0..<size
        return try await piece(at: Place(left: range, isFirst: true))
    }

    /// The piece that begins at `place`.
    package func piece(at place: Place) async throws(StoreError) -> Piece {
        try await withTaskExecutorPreference(globalConcurrentExecutor) { () throws(StoreError) in
            hasLinesOnly ? try await lines(from: place) : try await entries(from: place)
        }
    }

    /// Whether the stored lines are the export, with nothing to look up or to write anew.
    private var hasLinesOnly: Bool { format == .jsonl && !withDisclosures && query.isByTimeOnly }

    /// Both halves are read at once: a session of Postgres uses one processor, and what it reads is waited for.
    private func lines(from place: Place) async throws(StoreError) -> Piece {
        let range = place.left.prefix(place.count)
        let middle = range.lowerBound + range.count / 2
        async let rest = half(middle..<range.upperBound)
        let halves = [try await half(range.lowerBound..<middle).get(), try await rest.get()]
        let left = range.upperBound..<place.left.upperBound
        let (size, count) = halves.reduce((0, 0)) { ($0.0 + $1.bytes.count, $0.1 + $1.count) }
        let next = Place(left: left, count: Self.count(like: count, entriesIn: size) ?? place.count)
        return Piece(
            parts: halves.map(\.bytes).filter { !$0.isEmpty }, count: count, end: left.lowerBound,
            next: left.isEmpty ? nil : next)
    }

    private func half(_ range: Range<Int>) async -> Result<(bytes: [UInt8], count: Int), StoreError> {
        guard !range.isEmpty else { return .success(([], 0)) }
        do throws(StoreError) {
            let lines = try await store.lines(
                of: ledger, in: range, from: query.from, to: query.to, expecting: Self.pieceSize / 2)
            return .success(lines)
        } catch {
            return .failure(error)
        }
    }

    private func entries(from place: Place) async throws(StoreError) -> Piece {
        let page = try await store.page(
            of: ledger, query, limit: min(place.count, LedgerStore.pageMax), cursor: place.cursor, pinned: size,
            disclosures: withDisclosures)
        var encoder = ExportEncoder(format, withDisclosures: withDisclosures, isFirst: place.isFirst)
        for entry in page.entries { encoder.append(entry) }
        let (bytes, count) = (encoder.bytes, page.entries.count)
        let left = (page.entries.last.map { $0.seq + 1 } ?? place.left.lowerBound)..<size
        let next = page.nextCursor.map { cursor in
            Place(left: left, cursor: cursor, count: Self.count(like: count, entriesIn: bytes.count) ?? place.count)
        }
        return Piece(
            parts: bytes.isEmpty ? [] : [bytes], count: count, end: left.lowerBound, next: next)
    }

    /// How many entries of the size of the last ones make a piece, so that long lines cost no more memory than short.
    /// Nil if there were none.
    private static func count(like count: Int, entriesIn size: Int) -> Int? {
        guard count > 0 else { return nil }
        return min(max(pieceSize / max(size / count, 1), counts.lowerBound), counts.upperBound)
    }
}

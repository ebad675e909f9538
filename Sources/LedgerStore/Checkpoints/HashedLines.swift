import Cryptography
package import Ledger

extension LedgerStore {
    private static let pieceSize = 4 << 20
    private static let pieceCounts = 16...4_000

    /// Reads the lines of `range` and grows `tree`, which ends where they begin, by their hashes: nothing that is
    /// stored beside a line is believed.
    ///
    /// - Returns: the grown tree; a smaller one than the range calls for where lines are missing.
    package func hashLines(
        of ledger: StoredLedger, in range: Range<Int>, onto tree: CompactRange
    ) async throws(StoreError) -> CompactRange {
        var tree = tree
        var next = range.lowerBound
        var count = 200
        while next < range.upperBound {
            let piece = next..<min(next + count, range.upperBound)
            let lines = try await lines(of: ledger, in: piece, expecting: Self.pieceSize)
            var begin = 0
            var found = 0
            let bytes = lines.bytes.span
            for end in bytes.indices where bytes[end] == UInt8(ascii: "\n") {
                tree.append(TreeHash.leaf(bytes.extracting(begin..<end)))
                begin = end + 1
                found += 1
            }
            // A line feed within a line, which no canonical JSON has, would make two of one.
            guard lines.count == piece.count, found == piece.count else { break }
            next = piece.upperBound
            let average = max(lines.bytes.count / piece.count, 1)
            count = min(max(Self.pieceSize / average, Self.pieceCounts.lowerBound), Self.pieceCounts.upperBound)
        }
        return tree
    }
}

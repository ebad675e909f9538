import Cryptography
import Ledger

/// Follows the chain and the tree through the lines in order. Pure: rows in, findings out.
///
/// An entry is judged when the one after it is known, for `prev` there tells which of line and stored hash was changed;
/// so one changed entry is named alone and does not take the rest of the tree along.
struct ChainCheck {
    private(set) var builder: TileBuilder
    /// Tiles completed since they were last taken.
    private(set) var tiles: [CompletedTile] = []
    /// Roots by size, since they were last taken, for the sizes that were asked for.
    private(set) var roots: [Int: Digest] = [:]
    /// False once entries are missing whose hashes nobody can tell.
    private(set) var isTreeKnown = true
    private var pending: Pending?
    private var lastHash: Digest
    private var lastRecordedAt: Timestamp?
    private var nextSeq: Int

    private struct Pending {
        let seq: Int
        let computed: Digest
        let stored: Digest?
    }

    /// - Parameters:
    ///   - builder: the tree of the entries before the first row.
    ///   - lastHash: the leaf hash of the entry before the first row, or the genesis.
    init(builder: TileBuilder, lastHash: Digest, lastRecordedAt: Timestamp?) {
        self.builder = builder
        self.lastHash = lastHash
        self.lastRecordedAt = lastRecordedAt
        nextSeq = builder.size
    }

    /// Judges the next row's place.
    mutating func check(_ row: CheckedChunk.Row, sizes: Set<Int>, _ report: inout VerificationReport) {
        if let fault = row.fault {
            report.add(Finding(.line, seq: row.seq, table: "entries", Self.describe(fault)))
        }
        if row.seq > nextSeq { skipMissing(upTo: row.seq, previous: row.entry?.previous, sizes, &report) }
        settle(next: row.entry?.previous, sizes)
        if row.leafHash != row.computed {
            report.add(
                Finding(.leafHash, seq: row.seq, table: "entries", "the stored leaf hash is not that of the line"))
        }
        if let entry = row.entry { check(entry, at: row.seq, &report) }
        pending = Pending(seq: row.seq, computed: row.computed, stored: row.leafHash)
        nextSeq = row.seq + 1
    }

    /// Judges the last row; call it once after all rows.
    mutating func finish(size: Int, sizes: Set<Int>, _ report: inout VerificationReport) {
        settle(next: nil, sizes)
        if nextSeq < size { skipMissing(upTo: size, previous: nil, sizes, &report) }
    }

    mutating func takeTiles() -> [CompletedTile] {
        defer { tiles = [] }
        return tiles
    }

    mutating func takeRoots() -> [Int: Digest] {
        defer { roots = [:] }
        return roots
    }

    private mutating func check(_ entry: CheckedChunk.Envelope, at seq: Int, _ report: inout VerificationReport) {
        if entry.seq != seq {
            report.add(Finding(.seq, seq: seq, table: "entries", "the line says seq \(entry.seq)"))
        }
        if !entry.isOfLedger {
            report.add(Finding(.origin, seq: seq, table: "entries", "the line is another ledger's"))
        }
        if entry.previous != lastHash, isTreeKnown {
            report.add(
                Finding(.previous, seq: seq, table: "entries", "prev is not the leaf hash of the entry before"))
        }
        if let lastRecordedAt, entry.recordedAt < lastRecordedAt {
            report.add(Finding(.recordedAt, seq: seq, table: "entries", "recorded_at is before the last entry's"))
        }
        lastRecordedAt = entry.recordedAt
    }

    /// Puts the entry that waits into the tree: with the hash that the entry after it cites, if it has that hash.
    private mutating func settle(next: Digest?, _ sizes: Set<Int>) {
        guard let entry = pending else { return }
        pending = nil
        let isStoredCited = next != nil && next == entry.stored
        let hash = isStoredCited ? next ?? entry.computed : entry.computed
        append(hash, sizes)
        lastHash = hash
    }

    private mutating func append(_ hash: Digest, _ sizes: Set<Int>) {
        guard isTreeKnown else { return }
        tiles += builder.append(hash)
        if sizes.contains(builder.size) { roots[builder.size] = builder.root }
    }

    private mutating func skipMissing(
        upTo seq: Int, previous: Digest?, _ sizes: Set<Int>, _ report: inout VerificationReport
    ) {
        for missing in nextSeq..<seq {
            report.add(Finding(.seq, seq: missing, table: "entries", "the entry is missing"))
        }
        settle(next: nil, sizes)
        if seq == nextSeq + 1, let previous {
            // One missing entry is known by the hash that its successor cites.
            append(previous, sizes)
            lastHash = previous
        } else {
            isTreeKnown = false
        }
        nextSeq = seq
    }

    private static func describe(_ fault: Entry.Fault) -> String {
        switch fault {
        case .notJSON: "the line is not JSON of the profile"
        case .notCanonical: "the line is not in canonical form"
        case .envelope(let member): "the line lacks a valid member \(member)"
        }
    }
}

import Cryptography
package import Ledger

/// Holds what an export still has of the entries that a database lost to the trees that were signed or answered,
/// before any of them is written: line by line, keeping only what lost entries erased. Pure.
package struct LostTail: Sendable {
    /// Why an export is not what was lost.
    package enum Fault: Error, Equatable, Sendable {
        case notAnEntry(line: Int)
        case otherLedger(line: Int)
        case strangeDisclosure(seq: Int)
        /// An entry is left out, or moved.
        case misplaced(line: Int, seq: Int, expected: Int)
        /// The entry was not written after the one before it.
        case broken(seq: Int)
        /// The first lost entry was not written after the last one that the database has.
        case forked(seq: Int)
        /// The export ends before the tree does.
        case endsEarly(size: Int, expected: Int)
        /// Every entry follows the one before, and yet this is not the tree that was signed or answered.
        case otherTree(size: Int)
        /// Entries do not show all sealed values that no lost entry erased.
        case valuesMissing(entries: Int, first: Int)
    }

    /// What is to be appended.
    package struct Plan: Sendable {
        /// The trees that they make on their way.
        let expected: [Checkpoint]
        /// The entries, by their places.
        package let lost: Range<Int>
        /// The line of the export, from 1, that the first of them stands in.
        let firstLine: Int
        /// Entries that the export has beyond those; neither the guard nor a halt knows of them.
        package let beyondCount: Int
        /// Erasures among those: they are done again only if the journal of erasures names them.
        package let beyondErasureCount: Int
        /// Entries whose DNS evidence, or whose DMARC report, no export holds.
        package let evidenceCount: Int
        package let reportCount: Int
        /// What entries among the lost ones erased.
        let erasures: ErasureCoverage
    }

    private let origin: Origin
    private let expected: [Checkpoint]
    private let takesBeyond: Bool
    private let first: Int
    private var tree: CompactRange
    private var last: Digest
    private var line = 0
    private var firstLine = 0
    private var beyondCount = 0
    private var beyondErasureCount = 0
    private var evidenceCount = 0
    private var reportCount = 0
    private var erasures = ErasureCoverage()
    /// Entries of whose sealed values not all are shown.
    private var incomplete = SeqRanges()

    /// - Parameters:
    ///   - edge: the right edge of the tree that the database still has.
    ///   - expected: the trees that the ledger must contain, the smallest first.
    ///   - takesBeyond: whether entries behind the last of them are taken as well, on the export's word.
    init(_ origin: Origin, edge: TreeState, expected: [Checkpoint], takesBeyond: Bool) {
        self.origin = origin
        self.expected = expected
        self.takesBeyond = takesBeyond
        first = edge.size
        tree = edge.builder.compactRange
        last = edge.lastLeafHash
    }

    /// Takes the next line of the export, or of several one after the other. Entries that the database has, or that
    /// were taken before, are passed over.
    package mutating func add(_ text: [UInt8]) throws(Fault) {
        line += 1
        let exported = try read(text)
        let entry = exported.entry
        guard entry.ledger.utf8.elementsEqual(origin.text.utf8) else { throw .otherLedger(line: line) }
        guard entry.seq >= tree.size else { return }
        guard takesBeyond || tree.size < expectedSize else {
            guard entry.seq - beyondCount >= expectedSize else { return }
            beyondCount += 1
            if LostErasure(entry) != nil { beyondErasureCount += 1 }
            return
        }
        guard entry.seq == tree.size else { throw .misplaced(line: line, seq: entry.seq, expected: tree.size) }
        guard entry.previous == last else {
            throw entry.seq == first ? .forked(seq: first) : .broken(seq: entry.seq)
        }
        last = TreeHash.leaf(exported.line.span)
        tree.append(last)
        guard expected.allow(tree.size, tree.root) else { throw .otherTree(size: tree.size) }
        if entry.seq == first { firstLine = line }
        note(exported)
    }

    /// Call it after the last line.
    package func finish() throws(Fault) -> Plan {
        guard tree.size >= expectedSize else { throw .endsEarly(size: tree.size, expected: expectedSize) }
        var missing = SeqRanges()
        for range in incomplete.ranges {
            for seq in range where erasures.erased(at: seq).isNothing { missing.append(seq) }
        }
        if let first = missing.ranges.first?.lowerBound {
            throw .valuesMissing(entries: missing.count, first: first)
        }
        return Plan(
            expected: expected, lost: first..<tree.size, firstLine: firstLine, beyondCount: beyondCount,
            beyondErasureCount: beyondErasureCount, evidenceCount: evidenceCount, reportCount: reportCount,
            erasures: erasures)
    }

    private var expectedSize: Int { expected.last?.size ?? 0 }

    private func read(_ text: [UInt8]) throws(Fault) -> ExportedEntry {
        do throws(ExportedEntry.Fault) {
            return try ExportedEntry(text)
        } catch {
            switch error {
            case .notAnEntry: throw .notAnEntry(line: line)
            case .strangeDisclosure(let seq): throw .strangeDisclosure(seq: seq)
            }
        }
    }

    private mutating func note(_ exported: ExportedEntry) {
        let entry = exported.entry
        if exported.missingCount > 0 { incomplete.append(entry.seq) }
        if let erasure = LostErasure(entry) {
            for block in erasure.seqs.blocks { erasures.add(block, pseudonym: erasure.pseudonym) }
        }
        guard !entry.isProducers else { return }
        let data = entry.json["data"]
        let evidence = data?["evidence"] ?? data?["mail"]?["evidence"]
        if evidence?.elements?.isEmpty == false { evidenceCount += 1 }
        if entry.kind == Kind.report.rawValue, data?["event"]?.text == "dmarc_report.received" { reportCount += 1 }
    }
}

extension [Checkpoint] {
    /// Whether none of these trees has this size and another root.
    func allow(_ size: Int, _ root: @autoclosure () -> Digest) -> Bool {
        allSatisfy { $0.size != size || $0.root == root() }
    }
}

extension Entry {
    /// Whether a producer handed it in, whose claims are only claims: nothing stands beside it because of them.
    package var isProducers: Bool { Reporter.Via(rawValue: via)?.isProducer ?? true }
}

extension LostTail.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAnEntry(let line): "line \(line) is no entry in canonical JSON"
        case .otherLedger(let line): "line \(line) is an entry of another ledger"
        case .strangeDisclosure(let seq): "a value shown with entry \(seq) is not one that its line seals"
        case .misplaced(let line, let seq, let expected):
            "line \(line) holds entry \(seq), and entry \(expected) should stand there"
        case .broken(let seq): "entry \(seq) was not written after the entry before it"
        case .forked(let seq):
            "entry \(seq) was not written after the last entry of the database, to which something was appended since"
        case .endsEarly(let size, let expected):
            "the export ends with \(size) entries, and \(expected) were signed or answered"
        case .otherTree(let size): "the first \(size) entries would not make the tree that was signed or answered"
        case .valuesMissing(let entries, let first):
            "the export does not show all sealed values of \(entries) entries that no lost entry erased, the first of "
                + "them entry \(first)"
        }
    }
}

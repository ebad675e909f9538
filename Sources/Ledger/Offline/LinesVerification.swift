import Cryptography

/// Holds the lines of an export to a checkpoint, one after the other, in memory that does not grow: the chain that each
/// line continues, the tree that all of them make, and the sealed values that are shown beside them.
package struct LinesVerification: Sendable {
    /// What is wrong, named by the entry or the line of the file.
    package enum Fault: Error, Hashable, Sendable {
        /// Not canonical JSON, or no entry; the line of the file, from 1.
        case notAnEntry(line: Int)
        /// An entry of another ledger.
        case otherLedger(line: Int)
        /// The file begins with a later entry, so it is no beginning of the ledger.
        case beginsLater(seq: Int)
        /// An entry stands in another's place: one was taken out, put in, or moved.
        case misplaced(line: Int, seq: Int, expected: Int)
        /// The entry before `seq` is not the one that it was written after: one of the two was changed.
        case broken(seq: Int)
        /// A sealed value that the line does not name.
        case strangeDisclosure(seq: Int)
        /// The lines end before the checkpoint's tree does.
        case truncated(count: Int, size: Int)
        /// Every line follows the one before, and yet this is not the tree that was signed.
        case otherTree(size: Int)
    }

    private let origin: KeyName
    private let expected: Checkpoint
    private var scanner = CanonicalScanner()
    private var tree = CompactRange()
    private var last: Digest?
    /// The first line beyond the checkpoint's tree shows whether its last one is right, and so on.
    private var root: Digest?

    /// How many lines were held to the chain.
    package var count: Int { tree.size }

    /// - Parameter trusted: what the lines must be the beginning of, or begin with.
    package init(_ trusted: TrustedCheckpoint) {
        origin = trusted.checkpoint.origin
        expected = trusted.checkpoint
        if expected.size == 0 { root = tree.root }
    }

    /// Takes the next line of an export in JSONL: the line itself, or an object with the members `line` and
    /// `disclosures`.
    package mutating func add(_ text: [UInt8]) throws(Fault) {
        let number = count + 1
        if let outline = try? EntryOutline(text.span, &scanner) { return try add(outline, text, number) }
        let exported: ExportedEntry
        do throws(ExportedEntry.Fault) {
            exported = try ExportedEntry(text)
        } catch {
            switch error {
            case .notAnEntry: throw .notAnEntry(line: number)
            case .strangeDisclosure(let seq): throw .strangeDisclosure(seq: seq)
            }
        }
        guard let outline = try? EntryOutline(exported.line.span, &scanner) else { throw .notAnEntry(line: number) }
        try add(outline, exported.line, number)
    }

    private mutating func add(_ outline: EntryOutline, _ line: [UInt8], _ number: Int) throws(Fault) {
        // An origin needs no escape, so it stands in the line as it is.
        guard line[outline.ledger.range].elementsEqual(origin.bytes) else { throw .otherLedger(line: number) }
        guard outline.seq == count else {
            guard count > 0 else { throw .beginsLater(seq: outline.seq) }
            throw .misplaced(line: number, seq: outline.seq, expected: count)
        }
        let previous = last ?? SHA256.digest("countersign/genesis/1\n\(origin)\n")
        guard outline.previous == previous else { throw .broken(seq: outline.seq) }
        let leafHash = TreeHash.leaf(line)
        tree.append(leafHash)
        last = leafHash
        guard tree.size == expected.size else { return }
        root = tree.root
        guard root == expected.root else { throw .otherTree(size: expected.size) }
    }

    /// Call it after the last line.
    ///
    /// - Returns: how many lines the checkpoint covers, and how many follow of which only the chain was checked.
    package func finish() throws(Fault) -> (covered: Int, beyond: Int) {
        guard root != nil else { throw .truncated(count: count, size: expected.size) }
        return (expected.size, count - expected.size)
    }
}

extension LinesVerification.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAnEntry(let line): "line \(line) is no entry in canonical JSON"
        case .otherLedger(let line): "line \(line) is an entry of another ledger"
        case .beginsLater(let seq): "the file begins with entry \(seq), so no tree can be made of it"
        case .misplaced(let line, let seq, let expected):
            "line \(line) holds entry \(seq), and entry \(expected) should stand there"
        case .broken(let seq):
            "entry \(seq) was not written after the entry before it: one of the two was changed"
        case .strangeDisclosure(let seq): "a value shown with entry \(seq) is not one that its line seals"
        case .truncated(let count, let size): "\(count) entries are there, and the checkpoint covers \(size)"
        case .otherTree(let size): "the first \(size) entries do not make the tree that was signed"
        }
    }
}

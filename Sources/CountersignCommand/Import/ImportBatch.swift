import Cryptography
import Ledger
import LedgerStore

/// Lines of a source, and the entries that were drawn up from them.
struct ImportBatch: Sendable {
    /// A line that makes no entry, and why.
    struct BadLine: Sendable {
        let line: LineReader.Line
        let reason: String
    }

    /// One line and its entry.
    struct Drawn: Sendable {
        let line: LineReader.Line
        let item: AppendUnit.Item
    }

    fileprivate(set) var drawn: [Drawn] = []
    fileprivate(set) var bad: [BadLine] = []
    /// How many lines were read, blank ones too.
    fileprivate(set) var lineCount = 0
    /// Bytes of the source read up to here.
    fileprivate(set) var end = 0
}

/// Makes batches out of a source, each with what it takes from the ledger: its keys and its name.
struct ImportBatches: Sendable {
    private static let reporter = Reporter(id: "command", via: .import)

    let lines: LineSource
    let source: String
    /// Whose the idempotency keys are that lines bring along.
    let producer: String
    let ledger: StoredLedger
    /// Whether nothing after a bad line may be read.
    let stopsAtBadLine: Bool

    /// The next batch; nil at the end.
    @concurrent
    func next() async throws -> ImportBatch? {
        let lines = try await lines.next()
        guard let last = lines.last else { return nil }
        var batch = ImportBatch()
        batch.end = last.end
        for line in lines {
            batch.lineCount += 1
            guard line.bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            do throws(Refusal) {
                batch.drawn.append(.init(line: line, item: try item(line)))
            } catch {
                batch.bad.append(.init(line: line, reason: error.description))
                if stopsAtBadLine { break }
            }
        }
        return batch
    }

    private func item(_ line: LineReader.Line) throws(Refusal) -> AppendUnit.Item {
        let element = try JSONReader.read(line.bytes)
        guard element.members != nil else {
            throw Refusal(.invalidMember, "a line holds one object, as an element of POST /v1/entries")
        }
        // The line's end is no part of it: a file keeps its keys when it is converted from CR LF.
        let bytes = line.bytes.last == 0x0D ? Array(line.bytes.dropLast()) : line.bytes
        return try AppendUnit.Item(
            reading: element, for: ledger, reporter: Self.reporter, producer: producer,
            fallbackKey: try ImportKey.key(source: source, lineNumber: line.number, line: bytes), random: Random.bytes)
    }
}

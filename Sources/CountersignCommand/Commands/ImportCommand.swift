import ArgumentParser
import Files
import Ledger
import LedgerStore

/// `countersign import`
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Append entries from a file of JSON lines.",
        discussion: """
            Each line is one object as POST /v1/entries takes it. The import can be run again at any time: a line with \
            an idempotency_key is recognised by it, a line without one by its source, number and content. Keys belong \
            to a producer: what a service sent over HTTP before is recognised if you name its producer. Lines that the \
            ledger has already are skipped and counted. A bad line ends the import; what stands before it is \
            imported.

            Examples:
                countersign import sends-2026-11.ndjson --data-dir /var/lib/countersign
                zcat sends.ndjson.gz | countersign import - --source sends.ndjson \\
                    --skip-bad bad.ndjson
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Argument(help: "The file, or - for standard input.")
    var file: String
    @Option(
        help: ArgumentHelp(
            "The name by which lines without a key are recognised (default: the file's name).", valueName: "name"))
    var source: String?
    @Option(
        help: ArgumentHelp(
            "Whose the idempotency keys of the lines are: the producer of the tokens that use them (default: import).",
            valueName: "name"))
    var producer: String?
    @Option(help: ArgumentHelp("Write bad lines to this new file and go on.", valueName: "file"))
    var skipBad: String?

    private struct Answer: Encodable {
        let ledger: String
        let source: String
        let lines: Int
        let imported: Int
        let skipped: Int
        let bad: Int
        let seconds: Double
    }

    func run() async throws {
        let source = try ImportKey.source(named: source, file: file)
        let lines = LineSource(try LineReader(path: file))
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            if let fault = ledger.keyFault { throw MasterSecret.Fault(fault) }
            let rejected = try skipBad.map { try OutputFile.growing($0) }
            let progress = ProgressBar(unit: "lines")
            defer { progress.clear() }
            let started = ContinuousClock.now
            let batches = ImportBatches(
                lines: lines, source: source, producer: try await producer(open.store, ledger), ledger: ledger,
                stopsAtBadLine: rejected == nil)
            var run = ImportRun(batches, store: open.store, rejected: rejected, progress: progress)
            do {
                try await run.run()
                try rejected?.finish()
            } catch {
                progress.say("stopped: \(Self.summary(run.tally)) up to here")
                throw error
            }
            progress.clear()
            let seconds = (ContinuousClock.now - started) / .seconds(1)
            try tell(run.tally, ledger: ledger, source: source, seconds: seconds)
        }
    }

    /// The producer that was named, which must be one that tokens have: a name by mistake would let everything in
    /// twice.
    private func producer(_ store: LedgerStore, _ ledger: StoredLedger) async throws -> String {
        guard let producer else { return TokenTerms.importProducer }
        guard try await store.tokens(of: ledger).contains(where: { $0.producer.utf8.elementsEqual(producer.utf8) })
        else {
            throw Complaint(
                "no token of the ledger has the producer that --producer names",
                next: "`countersign token list --json` shows them; make one with `countersign token create --producer`",
                status: .usage)
        }
        return producer
    }

    private func tell(_ tally: ImportRun.Tally, ledger: StoredLedger, source: String, seconds: Double) throws {
        if output.isJSON {
            return try JSONOutput.print(
                Answer(
                    ledger: ledger.origin.text, source: source, lines: tally.lines, imported: tally.imported,
                    skipped: tally.skipped, bad: tally.bad, seconds: Seconds.rounded(seconds)))
        }
        let rate = seconds > 0 ? Int(Double(tally.lines) / seconds) : 0
        try Output.standard.writeLine(
            "\(Self.summary(tally)), in \(Progress.clock(seconds)) (\(Progress.grouped(rate)) lines/s)")
        if tally.bad > 0, let skipBad { try Output.standard.writeLine("bad lines are in \(skipBad)") }
    }

    private static func summary(_ tally: ImportRun.Tally) -> String {
        "\(Progress.grouped(tally.imported)) imported, \(Progress.grouped(tally.skipped)) skipped as known, "
            + "\(Progress.grouped(tally.bad)) bad"
    }
}

import ArgumentParser
import Files
import Ledger
import LedgerStore
import Server

/// `countersign export`
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write entries out, as lines that anyone can check.",
        discussion: """
            The export is cut at the size that the ledger has when it begins, and is recorded in the ledger as an \
            entry of its own. jsonl is the evidence: the canonical lines, byte for byte. csv is a view for \
            spreadsheets; a cell that looks like a formula gets an apostrophe in front.

            With --unrecorded, after a failover: the whole ledger as the database that was failed away from still has \
            it, with sealed values, for `countersign ledger reappend`. Nothing is written to that database, which may \
            be a standby or allow reading only. It is refused unless the ledger is halted, as that database or the \
            guard folder of this machine knows; the digest of this export is an entry once the ledger goes on.

            Examples:
                countersign export --data-dir /var/lib/countersign --output march.jsonl \\
                    --from 2026-03-01T00:00:00Z --to 2026-04-01T00:00:00Z
                countersign export --format csv --kind send \\
                    --sender billing@acme.example > sends.csv
                countersign export --unrecorded --output lost.jsonl --ledger acme.example/mail \\
                    --database-url postgresql:///countersign?host=/old/primary --guard-dir /srv/guard
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup(title: "Filters") var filters: FilterOptions
    @Option(help: "jsonl or csv.")
    var format = ExportFormat.jsonl
    @Flag(help: "Show the sealed personal data with each entry.")
    var disclosures = false
    @Flag(help: "Take a halted ledger out whole, for `ledger reappend`, and write nothing to its database.")
    var unrecorded = false
    @Option(help: ArgumentHelp("Write to this file, which appears once it is whole.", valueName: "file"))
    var output: String?

    func validate() throws {
        guard unrecorded else { return }
        guard filters.isEmpty, format == .jsonl else {
            throw ValidationError("--unrecorded takes the whole ledger out, as jsonl: leave filters and --format out")
        }
    }

    func run() async throws {
        let filter = try filters.filter()
        let file = try output.map { try OutputFile.replacing($0) }
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let progress = ProgressBar(unit: "entries", isWanted: file != nil || !Output.standard.isTerminal)
            defer { progress.clear() }
            let count = try await write(
                ledger, filter, open.store, to: file.map { Output(descriptor: $0.descriptor) } ?? .standard, progress)
            try file?.finish()
            progress.say("\(Progress.grouped(count)) entries" + (output.map { " in \($0)" } ?? ""))
        }
    }

    private func write(
        _ ledger: StoredLedger, _ filter: EntryFilter, _ store: LedgerStore, to target: Output, _ progress: ProgressBar
    ) async throws -> Int {
        let size = unrecorded ? try await haltedSize(of: ledger, store) : try await record(ledger, filter, store)
        let export = EntryExport(
            filter.query, of: ledger, in: store, size: size, format: format,
            withDisclosures: disclosures || unrecorded)
        var piece = try await export.first()
        var count = 0
        while true {
            try Task.checkCancellation()
            for part in piece.parts { try target.write(part) }
            count += piece.count
            progress.update(done: count, fraction: Double(piece.end) / Double(max(size, 1)))
            guard let next = piece.next else { return count }
            piece = try await export.piece(at: next)
        }
    }

    /// The size of a ledger that is halted. What stands outside its database says so as well: the one that was failed
    /// away from does not know of it.
    private func haltedSize(of ledger: StoredLedger, _ store: LedgerStore) async throws -> Int {
        guard try await store.halt(of: ledger) != nil else {
            throw Complaint(
                "neither this database nor a guard folder here says that \(ledger.origin.text) is halted, and other "
                    + "exports are recorded",
                next: "leave --unrecorded out; or name the guard folder of the service that was halted (--guard-dir)",
                status: .notGood)
        }
        return try await store.head(of: ledger).size
    }

    /// Who takes entries out leaves a trace, before the first of them is out. Without the master secret nothing can be
    /// appended: then the lines may be read all the same, and personal data may not.
    ///
    /// - Returns: the size to cut the export at.
    private func record(_ ledger: StoredLedger, _ filter: EntryFilter, _ store: LedgerStore) async throws -> Int {
        if let fault = ledger.keyFault {
            guard !disclosures else {
                throw Complaint(
                    "an export with personal data must be recorded, and nothing can be appended: \(fault)",
                    next: "restore the master secret, or leave --disclosures out")
            }
            try Output.error.writeLine("warning: this export is not recorded in the ledger: \(fault)")
            return try await store.head(of: ledger).size
        }
        return try await store.recordExport(
            of: ledger, format: format.rawValue, disclosures: disclosures, filter: filter.members,
            people: filter.query.recipients, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
    }
}

extension ExportFormat: ExpressibleByArgument {}

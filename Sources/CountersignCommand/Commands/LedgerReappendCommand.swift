import ArgumentParser
import Checkpoints
import Identities
import Ledger
import LedgerStore

/// `countersign ledger reappend`
struct LedgerReappend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reappend",
        abstract: "Give a ledger back the entries that its database lost, byte for byte, from an export.",
        discussion: """
            For a database that was restored from an older backup, or failed over to a standby that had not got \
            everything, where no write-ahead log leads further. The export, in JSON lines, has every lost entry in \
            order, with its sealed values (`countersign export --unrecorded` on the database that was failed away \
            from, `countersign export --disclosures`, or GET /v1/export?disclosures=true); what it has of earlier \
            entries is passed over. Nothing is written unless the database's own lines and these make exactly the \
            tree that the guard knows, and the larger one that a process had answered, where one halted the ledger \
            for that; then all is, in one transaction. The ledger goes on, which is an entry with the SHA-256 of the \
            export.

            Entries that nobody who was left knew of lie beyond that tree. With --beyond-guard they are taken as \
            well, as long as each follows the one before: for them you trust the export.

            No export holds the DNS evidence of checks, nor DMARC reports: the entries come back, and \
            `countersign verify` names what is missing beside them. What told requests with the same idempotency key \
            apart is gone as well: what stands in clear is compared, and the same is answered with 422 \
            idempotency_erased and the entry's seq. Legal holds on people whom no sealed value names \
            are to be placed anew; it says how many there are.

            Examples:
                countersign ledger reappend all.jsonl --data-dir .countersign --dry-run
                countersign ledger reappend all.jsonl --data-dir .countersign

            Exit status: 0 the ledger goes on, 1 the export was refused, 2 wrong usage, 3 could not run.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var journal: JournalOption
    @OptionGroup var output: OutputOptions
    @Argument(help: "The export in JSON lines; it is read twice, so it is a file.")
    var export: String
    @Flag(help: "Only say whether the export would be taken.")
    var dryRun = false
    @Flag(help: "Take entries behind what the guard and a halt know as well, on the export's word.")
    var beyondGuard = false

    private struct Answer: Encodable {
        let ledger: String
        let reappended: Int
        let from_seq: Int
        let beyond: Int
        let without_evidence: Int
        let without_report: Int
        let blind_holds: Int
        let dry_run: Bool
        let after_restore: CheckResult?
    }

    func run() async throws {
        guard export != "-", try LineReader(path: export).size != nil else {
            throw Complaint("the export is read twice", next: "write it to a file first", status: .usage)
        }
        try await OpenStore.with(database, journal) { open in
            let ledger = try await ledger.find(in: open.store)
            let check = RestoreCheck(store: open.store, guards: try open.location.requireSigning().guards)
            guard case .behind(let known, _) = try await check.check(ledger) else {
                throw Complaint(
                    "nothing can be given back: \(ledger.origin.text) is not behind a guard or a halt that is here",
                    next: "`countersign doctor --after-restore` says how they stand", status: .notGood)
            }
            // The signer would do so as well, at its next look; what is appended until then would be a fork.
            if !dryRun {
                try await open.store.halt(
                    ledger, "the database lost entries that were signed or answered (ledger reappend)",
                    expecting: known)
            }
            let expected = try await check.expected(of: ledger)
            let plan = try await refusing { try await checkExport(of: ledger, expected, open) }
            guard !dryRun else { return try tell(plan, of: ledger, 0, nil) }
            let reappended = try await refusing { try await reappend(plan, to: ledger, open) }
            let result = try await AfterRestore(open).result(ledger, reappended: reappended)
            let blind = (try? await open.store.blindHolds(in: plan.lost, of: ledger)) ?? 0
            try tell(plan, of: ledger, blind, result)
            guard result.status == .ok else { throw ExitCode(ExitStatus.notGood.rawValue) }
        }
    }

    /// Holds the export to the trees that are known.
    private func checkExport(
        of ledger: StoredLedger, _ expected: [Checkpoint], _ open: OpenStore
    ) async throws -> LostTail.Plan {
        var tail = try await open.store.lostTail(of: ledger, expecting: expected, takesBeyond: beyondGuard)
        let lines = try ExportLines(export, "read")
        defer { lines.close() }
        while case let batch = try lines.next(), !batch.isEmpty {
            try Task.checkCancellation()
            for line in batch { try tail.add(line) }
        }
        return try tail.finish()
    }

    /// Says in words why an export is not taken.
    private func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let fault as LostTail.Fault {
            throw Complaint(
                "\(fault.description); nothing was written", next: Self.advice(fault), status: .notGood)
        } catch let fault as LineReader.Fault {
            throw Complaint(
                "line \(fault.lineNumber) cannot be read: \(fault.reason); nothing was written", status: .notGood)
        }
    }

    private static func advice(_ fault: LostTail.Fault) -> String {
        switch fault {
        case .valuesMissing:
            "take an export with sealed values (--disclosures); where an erasure that was not signed took them away, "
                + "one from before it, or --beyond-guard"
        case .forked: "restore the backup again, and let nothing be appended meanwhile"
        case .endsEarly: "take a later export, or begin a successor ledger"
        default: "take another export, whole and in order; or begin a successor ledger"
        }
    }

    /// - Returns: what stands in the entry that lets the ledger go on.
    private func reappend(
        _ plan: LostTail.Plan, to ledger: StoredLedger, _ open: OpenStore
    ) async throws -> Reappended {
        let lines = try ExportLines(export, "written")
        defer { lines.close() }
        try await open.store.reappend(plan, to: ledger, from: lines.next) {
            IdentityEffects.statements(of: $0, in: ledger)
        }
        return lines.reappended(plan.lost)
    }

    private func tell(
        _ plan: LostTail.Plan, of ledger: StoredLedger, _ blindHolds: Int, _ result: CheckResult?
    ) throws {
        if output.isJSON {
            return try JSONOutput.print(
                Answer(
                    ledger: ledger.origin.text, reappended: plan.lost.count, from_seq: plan.lost.lowerBound,
                    beyond: plan.beyondCount, without_evidence: plan.evidenceCount, without_report: plan.reportCount,
                    blind_holds: blindHolds, dry_run: result == nil, after_restore: result))
        }
        let entries = "entries \(plan.lost.lowerBound) to \(plan.lost.upperBound - 1)"
        try Output.standard.writeLine(
            result == nil ? "\(entries) would be appended again" : "\(entries) were appended again, byte for byte")
        if plan.beyondCount > 0 {
            try Output.standard.writeLine(
                "\(plan.beyondCount) more, of which neither the guard nor a halt knows, are left out; --beyond-guard "
                    + "takes them as well")
        }
        if plan.beyondErasureCount > 0 {
            try Output.standard.writeLine(
                "\(plan.beyondErasureCount) of them are erasures, which are done again only if the journal of erasures "
                    + "names them")
        }
        if plan.evidenceCount > 0 {
            try Output.standard.writeLine("the DNS evidence of \(plan.evidenceCount) entries is lost")
        }
        if plan.reportCount > 0 { try Output.standard.writeLine("\(plan.reportCount) DMARC reports are lost") }
        if blindHolds > 0 {
            try Output.standard.writeLine(
                "\(blindHolds) legal holds are on people whose addresses are lost; place them anew")
        }
        if let result { try Output.standard.write(result.text) }
    }
}

/// The lines of an export, in batches, and how far its reader is.
private final class ExportLines {
    private static let batchLines = 1_000
    private static let batchBytes = 4 << 20

    private var reader: LineReader
    private let progress: ProgressBar

    init(_ path: String, _ deed: String) throws {
        reader = try LineReader(path: path)
        progress = ProgressBar(unit: "lines \(deed)")
    }

    /// The next lines; none at the end.
    func next() throws -> [[UInt8]] {
        let lines = try reader.next(countMax: Self.batchLines, bytesMax: Self.batchBytes)
        if let last = lines.last {
            progress.update(done: last.number, fraction: reader.size.map { Double(last.end) / Double(max($0, 1)) })
        }
        return lines.map(\.bytes)
    }

    /// What is said of this export, once it was read to its end.
    func reappended(_ entries: Range<Int>) -> Reappended {
        Reappended(entries, exportSize: reader.readSize, exportDigest: reader.digest)
    }

    /// Takes the progress away.
    func close() { progress.clear() }
}

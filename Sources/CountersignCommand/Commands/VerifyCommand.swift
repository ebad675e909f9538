import ArgumentParser
import Cryptography
import Identities
import Ledger
import LedgerStore

/// `countersign verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that a ledger was not changed: re-read, re-hash and re-derive all of it.",
        discussion: """
            Re-hashes every stored line, and derives every column, key, tile, rollup and head from the lines again; \
            the rows of DMARC reports are compared with the digests that their entries name. What differs is named \
            with its entry and its table. Neither the service nor the master key is needed.

            What was cut off at the end, or rewritten as a whole by somebody with all rights, shows only against a \
            checkpoint that was kept elsewhere: give it with --checkpoint and the --key that signed it, or a bare size \
            and root with --expect.

            Examples:
                countersign verify --data-dir /var/lib/countersign
                countersign verify --checkpoint monday.checkpoint --key @acme.vkey
                countersign verify --expect 1204:"$(cat root-of-monday)"

            Exit status: 0 intact, 1 broken, 2 wrong usage, 3 could not run.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Option(
        help: ArgumentHelp(
            "Read only what came after this size; take what was before as verified.", valueName: "size"),
        transform: NumberArgument.place)
    var since: Int?
    @Option(help: ArgumentHelp("The ledger must contain this tree.", valueName: "size:root"))
    var expect: ExpectedTree?
    @Option(help: ArgumentHelp("The ledger must contain the tree of this signed checkpoint.", valueName: "file"))
    var checkpoint: String?
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "The public key that signed it, from outside; or @file. May be repeated.", valueName: "vkey"))
    var keys: [String] = []

    func validate() throws {
        guard (checkpoint == nil) == keys.isEmpty else {
            throw ValidationError("--checkpoint and --key go together: whose checkpoint do you trust?")
        }
        guard checkpoint == nil || expect == nil else { throw ValidationError("--checkpoint or --expect, not both") }
    }

    /// The tree that the ledger must contain, and whose, if that is known.
    private func expected() throws -> (head: TreeHead, origin: KeyName?)? {
        if let expect { return (expect.head, nil) }
        guard let checkpoint else { return nil }
        let note = try CheckpointFile.read(checkpoint).note
        let log = try TrustOptions.keys(keys)
        do throws(TrustedCheckpoint.Doubt) {
            let trusted = try TrustedCheckpoint(note, log: log).checkpoint
            return (TreeHead(size: trusted.size, root: trusted.root), trusted.origin)
        } catch {
            throw Complaint(error.description, next: "check the file and the key", status: .notGood)
        }
    }

    func run() async throws {
        let expected = try expected()
        let isIntact = try await OpenStore.with(database) { open in
            let ledgers = try await ledgers(of: open.store, expected?.origin)
            var reports: [VerificationReport] = []
            for ledger in ledgers {
                let report = try await verify(ledger, open.store, expected?.head)
                if !output.isJSON { try Output.standard.write(VerificationText.text(of: report, since: since ?? 0)) }
                reports.append(report)
            }
            if output.isJSON {
                let answers = reports.map(VerificationAnswer.init)
                if let only = answers.first, answers.count == 1 {
                    try JSONOutput.print(only)
                } else {
                    try JSONOutput.print(["ledgers": answers])
                }
            }
            return reports.allSatisfy(\.isIntact)
        }
        guard isIntact else { throw ExitCode(ExitStatus.notGood.rawValue) }
    }

    /// The one that was named, or all.
    private func ledgers(of store: LedgerStore, _ origin: KeyName?) async throws -> [StoredLedger] {
        if let origin, let found = try await store.ledger(try Origin(origin.text)) {
            guard ledger.origin == nil || ledger.origin == origin.text else {
                throw Complaint("the checkpoint is of another ledger, \(origin)", status: .notGood)
            }
            return [found]
        }
        if ledger.origin != nil { return [try await ledger.find(in: store)] }
        let all = try await store.allLedgers()
        // A size or a root belongs to one ledger; this says which there are.
        if all.isEmpty || (all.count > 1 && (since != nil || expect != nil || checkpoint != nil)) {
            return [try await ledger.find(in: store)]
        }
        return all
    }

    private func verify(
        _ ledger: StoredLedger, _ store: LedgerStore, _ expected: TreeHead?
    ) async throws -> VerificationReport {
        let progress = ProgressBar(unit: "entries")
        defer { progress.clear() }
        let start = since ?? 0
        var report = try await store.verify(
            ledger, VerificationOptions(since: start, expected: expected),
            progress: { done, size in
                let whole = max(size - start, 1)
                progress.update(done: done - start, fraction: Double(done - start) / Double(whole))
            })
        guard start == 0 else { return report }
        for finding in try await StoredReports(store).check(ledger, upTo: report.size).findings {
            report.add(Finding(.report, seq: finding.seq, table: "dmarc_reports", finding.reason))
        }
        return report
    }
}

import ArgumentParser
import Ledger

/// `countersign verify-export`
struct VerifyExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-export",
        abstract: "Check exported lines against a checkpoint: nothing changed, left out, added or moved.",
        discussion: """
            Needs no database and no network. The export is JSON lines from entry 0 on, with or without sealed values \
            beside them; of what follows the checkpoint's tree only the chain is checked. An export that begins later, \
            or was filtered, is checked entry by entry with receipts. Take the checkpoint before the export, which is \
            an entry itself.

            Example:
                countersign verify-export all.jsonl --checkpoint checkpoint --key @acme.vkey

            Exit status: 0 verified, 1 refused, 2 wrong usage.
            """)

    private static let batchLines = 1_000
    private static let batchBytes = 4 << 20

    @Argument(help: "The export in JSON lines, or - for standard input.")
    var export: String
    @Option(help: ArgumentHelp("The signed checkpoint to hold it to.", valueName: "file"))
    var checkpoint: String
    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (log, policy) = try trust.trust()
        let bytes = try CheckpointFile.bytes(checkpoint)
        let trusted: TrustedCheckpoint
        do throws(TrustedCheckpoint.Doubt) {
            trusted = try TrustedCheckpoint(bytes, log: log, policy: policy)
        } catch {
            return try OfflineVerdict.bad(error.description).tell(output)
        }
        var verification = LinesVerification(trusted)
        do {
            let (covered, beyond) = try verify(&verification, size: trusted.checkpoint.size)
            let rest = beyond == 0 ? "" : "; \(beyond) more follow, held to the chain alone"
            try OfflineVerdict.good("\(covered) entries of \(trusted.checkpoint.origin)\(rest)", trusted).tell(output)
        } catch let fault as LinesVerification.Fault {
            try OfflineVerdict.bad(fault.description).tell(output)
        } catch let fault as LineReader.Fault {
            try OfflineVerdict.bad("line \(fault.lineNumber) cannot be read: \(fault.reason)").tell(output)
        }
    }

    private func verify(
        _ verification: inout LinesVerification, size: Int
    ) throws -> (covered: Int, beyond: Int) {
        var reader = try LineReader(path: export)
        let progress = ProgressBar(unit: "entries")
        defer { progress.clear() }
        while true {
            let lines = try reader.next(countMax: Self.batchLines, bytesMax: Self.batchBytes)
            guard !lines.isEmpty else { return try verification.finish() }
            for line in lines { try verification.add(line.bytes) }
            progress.update(
                done: verification.count, fraction: min(1, Double(verification.count) / Double(max(size, 1))))
        }
    }
}

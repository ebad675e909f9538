import ArgumentParser
import Files
import Ledger

/// `countersign verify-tiles`
struct VerifyTiles: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-tiles",
        abstract: "Check a static copy of a ledger: every entry, every tile, up to the signed root.",
        discussion: """
            Needs no database and no network. The folder holds `checkpoint` and `tile/...`, as C2SP tlog-tiles serves \
            them below /ledgers/{name}/, of this or of any other log.

            Example: countersign verify-tiles ./mirror --key @acme.vkey

            Exit status: 0 verified, 1 refused, 2 wrong usage.
            """)

    /// The largest bundle: 256 entries of 65,535 bytes.
    private static let fileSizeMax = 256 * (2 + 65_535)

    @Argument(help: "The folder with `checkpoint` and `tile`.")
    var folder: String
    @Option(help: ArgumentHelp("Another checkpoint than the folder's.", valueName: "file"))
    var checkpoint: String?
    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (log, policy) = try trust.trust()
        let bytes = try CheckpointFile.bytes(
            checkpoint ?? "\(folder)/checkpoint", isFound: checkpoint == nil)
        let progress = ProgressBar(unit: "entries")
        let verdict: OfflineVerdict
        do {
            let trusted = try TrustedCheckpoint(bytes, log: log, policy: policy)
            let size = trusted.checkpoint.size
            try TilesVerification(trusted) { path in
                try? InputFile.content(
                    of: "\(folder)/\(path)", sizeMax: Self.fileSizeMax, what: "a tile", isFound: true)
            }.run { done in progress.update(done: done, fraction: Double(done) / Double(max(size, 1))) }
            verdict = .good("\(size) entries of \(trusted.checkpoint.origin)", trusted)
        } catch let doubt as TrustedCheckpoint.Doubt {
            verdict = .bad(doubt.description)
        } catch let fault as TilesVerification.Fault {
            verdict = .bad(fault.description)
        }
        progress.clear()
        try verdict.tell(output)
    }
}

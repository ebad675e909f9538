import ArgumentParser
import Ledger

/// `countersign verify-receipt`
struct VerifyReceipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-receipt",
        abstract: "Check a receipt: that this line stands in a ledger that this key has signed.",
        discussion: """
            Needs no database and no network. The key comes from the ledger's owner, never from the receipt. The line \
            is the entry's canonical JSON, byte for byte, as an export or the member `line` of /v1/entries/{seq} has it.

            Example:
                countersign verify-receipt 41.tlog-proof --line 41.json \\
                    --key acme.example/mail+8c37f04d+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea

            Exit status: 0 verified, 1 refused, 2 wrong usage.
            """)

    @Argument(help: "The receipt (C2SP tlog-proof), or - for standard input.")
    var receipt: String
    @Option(help: ArgumentHelp("The file that holds the entry's line.", valueName: "file"))
    var line: String
    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (log, policy) = try trust.trust()
        var line = try CheckpointFile.bytes(line)
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        try Self.verdict(try CheckpointFile.bytes(receipt), line, log, policy).tell(output)
    }

    private static func verdict(
        _ bytes: [UInt8], _ line: [UInt8], _ log: [NoteKey], _ policy: TlogPolicy?
    ) -> OfflineVerdict {
        let proof: TlogProof
        do throws(NoteFault) {
            proof = try TlogProof(bytes)
        } catch {
            return .bad("the receipt cannot be read: \(error.rawValue)")
        }
        switch proof.verify(leafHash: TreeHash.leaf(line), log: log, policy: policy) {
        case .checkpoint(let doubt): return .bad(doubt.description)
        case .inclusion: return .bad("the line is not entry \(proof.index) of the tree that was signed")
        case .proved(let trusted):
            // A line that is an entry names its own place: a proof for another place would prove another thing.
            guard let entry = try? Entry(line: line) else {
                return .bad("the line is no entry in canonical JSON")
            }
            guard entry.seq == proof.index, entry.ledger.utf8.elementsEqual(trusted.checkpoint.origin.bytes) else {
                return .bad("the line is entry \(entry.seq) of \(entry.ledger), and the receipt is for another one")
            }
            return .good(
                "entry \(entry.seq) of \(entry.ledger), \(entry.kind) \(entry.outcome) at \(entry.recordedAt.text), "
                    + "stands in the tree of \(trusted.checkpoint.size) entries", trusted)
        }
    }
}

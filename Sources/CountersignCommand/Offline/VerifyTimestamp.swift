import ArgumentParser
import Cryptography
import Ledger

/// `countersign verify-timestamp`
struct VerifyTimestamp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-timestamp",
        abstract: "Check that an authority saw a checkpoint, and when (RFC 3161).",
        discussion: """
            Needs no database and no network. The token is over the checkpoint as the ledger signed it; signatures of \
            witnesses below are left aside. `openssl ts -verify` takes the same files, with `checkpoint show --own`.

            Example:
                countersign verify-timestamp 1204.tst --checkpoint checkpoint \\
                    --trust authority.pem --key @acme.vkey

            Exit status: 0 verified, 1 refused, 2 wrong usage.
            """)

    @Argument(help: "The token in DER, or - for standard input.")
    var token: String
    @Option(help: ArgumentHelp("The signed checkpoint that was stamped.", valueName: "file"))
    var checkpoint: String
    @Option(help: ArgumentHelp("The certificates that may vouch for the authority, as PEM.", valueName: "file"))
    var trust: String
    @OptionGroup var keys: TrustOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (log, policy) = try keys.trust()
        let bytes = try CheckpointFile.bytes(checkpoint)
        guard let trusted = TrustedCertificates(pem: try CheckpointFile.bytes(trust)) else {
            throw Complaint("\(trust) holds no certificates in PEM", status: .usage)
        }
        let token = try CheckpointFile.bytes(token)
        let verdict: OfflineVerdict
        do throws(TrustedCheckpoint.Doubt) {
            let signed = try TrustedCheckpoint(bytes, log: log, policy: policy)
            let read = signed.checkpoint
            let own = (try? SignedNote(bytes))?.own(read.origin).bytes ?? []
            switch TimestampToken.verify(token, over: SHA256.digest(own), trusting: trusted) {
            case .verified(let statement, let authority):
                let time = Timestamp(microseconds: statement.microseconds).text
                verdict = .good("\(authority) saw the tree of \(read.size) entries at \(time)", signed)
            case let refusal: verdict = .bad(refusal.description)
            }
        } catch {
            verdict = .bad(error.description)
        }
        try verdict.tell(output)
    }
}

import ArgumentParser
import Ledger

/// What an offline check says at its end, in one line or one document.
struct OfflineVerdict: Encodable {
    let verdict: String
    /// What is proved, or what is wrong.
    let detail: String
    let ledger: String?
    let size: Int?
    /// The names of the keys whose signatures were checked.
    let signed_by: [String]?

    static func good(_ detail: String, _ trusted: TrustedCheckpoint) -> OfflineVerdict {
        OfflineVerdict(
            verdict: "verified", detail: detail, ledger: trusted.checkpoint.origin.text, size: trusted.checkpoint.size,
            signed_by: trusted.signers.map(\.name.text))
    }

    static func bad(_ detail: String) -> OfflineVerdict {
        OfflineVerdict(verdict: "refused", detail: detail, ledger: nil, size: nil, signed_by: nil)
    }

    /// Prints it; a refusal ends the command with status 1.
    func tell(_ output: OutputOptions) throws {
        if output.isJSON {
            try JSONOutput.print(self)
        } else {
            try Output.standard.writeLine("\(verdict): \(detail)")
            if let signed_by { try Output.standard.writeLine("signed by \(signed_by.joined(separator: ", "))") }
        }
        guard verdict == "verified" else { throw ExitCode(ExitStatus.notGood.rawValue) }
    }
}

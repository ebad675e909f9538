import ArgumentParser
import Identities
import Ledger
import LedgerStore

/// `countersign dmarc-report verify`
struct DMARCReportVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that the rows of reports are those that the entries name.",
        discussion: """
            Reads every row, and compares its report with the SHA-256 in the entry. That the entries themselves are \
            unchanged is what `countersign verify` proves.

            Exit status: 0 as recorded, 1 changed, 2 wrong usage, 3 could not run.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let check = try await OpenStore.with(database) { open in
            let progress = ProgressBar(unit: "reports")
            defer { progress.clear() }
            return try await StoredReports(open.store).check(try await ledger.find(in: open.store)) { done in
                progress.update(done: done, fraction: nil)
            }
        }
        if output.isJSON {
            let findings = check.findings.map { finding in
                JSONValue.object([.init("reason", .string(finding.reason)), .init("seq", .integer(finding.seq))])
            }
            let answer: JSONValue = [
                "findings": .array(findings), "reports": .integer(check.reports), "rows": .integer(check.rows),
            ]
            try Output.standard.writeLine(String(decoding: CanonicalWriter.bytes(of: answer), as: UTF8.self))
        } else {
            for finding in check.findings { try Output.standard.writeLine("report \(finding.seq): \(finding.reason)") }
            let verdict = check.findings.isEmpty ? "as recorded" : "\(check.findings.count) CHANGED"
            try Output.standard.writeLine(
                "\(Progress.grouped(check.reports)) reports, \(Progress.grouped(check.rows)) rows: \(verdict)")
        }
        guard check.findings.isEmpty else { throw ExitCode(ExitStatus.notGood.rawValue) }
    }
}

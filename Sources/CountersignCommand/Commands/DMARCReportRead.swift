import ArgumentParser
import Identities
import Ledger
import MailAuthentication

/// `countersign dmarc-report read`
struct DMARCReportRead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Say what reports in files hold, and store nothing.",
        discussion: """
            Takes the files that `countersign dmarc-report import` takes, and says what it would record of them: no \
            ledger and no database is wanted, and nobody is asked anything. The mail that carries a report is not \
            checked, so nothing is said of its receiver. Whether a ledger has the report already, only an import can \
            tell.

            With --json each file is a line of JSON with the members of the entry's `data`; with --rows each row of \
            a report is one.

            Examples:
                countersign dmarc-report read report.xml.gz
                countersign dmarc-report read ~/reports --rows > rows.jsonl

            Exit status: 0 well, 1 a file is no report that can be read, 2 wrong usage.
            """)

    @OptionGroup var output: OutputOptions
    @Flag(help: "Print each row of each report instead, as a line of JSON.")
    var rows = false
    @Argument(help: ArgumentHelp("Files, folders, or - for standard input.", valueName: "file"))
    var files: [String]

    /// What became of one file.
    private struct Summary: Sendable {
        var outcome = "unreadable"
        var rowCount = 0
        var messageCount = 0
    }

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("name at least one file, folder, or - for standard input") }
    }

    func run() async throws {
        let started = ContinuousClock.now
        let summaries = try await ReportFiles(files).forEach {
            read($0)
        } tell: { summary, text in
            try Output.standard.write(text)
            return summary
        }
        if !output.isJSON, !rows { try sum(summaries, seconds: (ContinuousClock.now - started) / .seconds(1)) }
        let isGood = summaries.allSatisfy { ["accepted", "recovered"].contains($0.outcome) }
        guard isGood else { throw ExitCode(ExitStatus.notGood.rawValue) }
    }

    /// What is in a file, and what is printed of it, line feeds included.
    private func read(_ path: String) -> (Summary, text: [UInt8]) {
        do throws(Complaint) {
            let incoming = IncomingReport(try ReportFiles.content(of: path), label: ReportFiles.label(of: path))
            let report = incoming.report
            let summary = Summary(
                outcome: incoming.outcome, rowCount: report?.rows.count ?? 0,
                messageCount: Int(report?.messageCount ?? 0))
            return (summary, text(of: incoming, path))
        } catch {
            guard output.isJSON || rows else {
                return (Summary(), Array("\(path): cannot be read: \(error.reason)\n".utf8))
            }
            let line: JSONValue = ["error": .string(error.reason), "file": .string(path)]
            return (Summary(), CanonicalWriter.bytes(of: line) + [0x0A])
        }
    }

    private func text(of incoming: IncomingReport, _ path: String) -> [UInt8] {
        if rows, let report = incoming.report { return lines(of: report, path) }
        if rows || output.isJSON {
            let line: JSONValue = [
                "file": .string(path), "outcome": .string(incoming.outcome), "report": .object(incoming.summary),
            ]
            return CanonicalWriter.bytes(of: line) + [0x0A]
        }
        return Array("\(path): \(incoming.outcome)\(Self.about(incoming.reading))\n".utf8)
    }

    private func lines(of report: AggregateReport, _ path: String) -> [UInt8] {
        var lines: [UInt8] = []
        for (index, row) in report.rows.enumerated() {
            lines += "{\"file\":".utf8
            CanonicalWriter.append(path, to: &lines)
            lines += ",\"row\":".utf8
            lines += ReportRow(row, index: index).json
            lines += "}\n".utf8
        }
        return lines
    }

    private static func about(_ reading: IncomingReport.Reading) -> String {
        switch reading {
        case .rejected(let fault): return ": \(fault.code)"
        case .report(let report, let repairs):
            let mended = repairs.isEmpty ? "" : " (\(repairs.map(\.rawValue).joined(separator: ", ")))"
            let email = report.metadata.emailDomain?.text ?? "no address"
            let about = "\(report.policy.domain?.text ?? "") as \(report.metadata.orgName.printable) (\(email))"
            let rows = Progress.grouped(report.rows.count)
            return "\(mended): \(about), \(rows) rows, \(Progress.grouped(Int(report.messageCount))) messages"
        }
    }

    private func sum(_ told: [Summary], seconds: Double) throws {
        let count = { (outcome: String) in told.count { $0.outcome == outcome } }
        let rowCount = told.reduce(0) { $0 + $1.rowCount }
        let messageCount = told.reduce(0) { $0.addingSaturated($1.messageCount) }
        try Output.standard.writeLine(
            "\(count("accepted")) accepted, \(count("recovered")) recovered, \(count("rejected")) rejected, "
                + "\(count("unreadable")) unreadable: \(Progress.grouped(rowCount)) rows of "
                + "\(Progress.grouped(messageCount)) messages, in \(Seconds.rounded(seconds)) s")
    }
}

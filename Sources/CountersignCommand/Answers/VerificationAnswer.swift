import Cryptography
import Ledger
import LedgerStore

/// What `verify --json` prints for one ledger.
struct VerificationAnswer: Encodable {
    struct Finding: Encodable {
        let check: String
        let seq: Int?
        let table: String
        let reason: String
    }

    let ledger: String
    let size: Int
    let root: String
    let verdict: String
    let broken: Int
    let first_broken: Int?
    let findings: [Finding]
    let findings_total: Int
    let skipped: [String]
    let seconds: Double

    init(_ report: VerificationReport) {
        ledger = report.origin.text
        size = report.size
        root = report.root?.hex ?? ""
        verdict = report.isIntact ? "intact" : "broken"
        broken = report.brokenCount
        first_broken = report.firstBroken
        findings = report.findings.map {
            Finding(check: $0.check.name, seq: $0.seq, table: $0.table, reason: $0.reason)
        }
        findings_total = report.findingsTotal
        skipped = report.skipped
        seconds = Seconds.rounded(report.seconds)
    }
}

/// What `verify` tells a person about one ledger.
enum VerificationText {
    /// - Parameter since: up to where nothing was read.
    static func text(of report: VerificationReport, since: Int) -> String {
        let count = max(report.size - since, 0)
        let rate = report.seconds > 0 ? Int(Double(count) / report.seconds) : 0
        var text = "\(report.origin.text): \(report.isIntact ? "intact" : "BROKEN")\n"
        text += "  \(Progress.grouped(report.size)) entries, root \(report.root?.hex ?? "missing")\n"
        text += "  \(since > 0 ? "\(Progress.grouped(count)) of them " : "")read in "
        text += "\(Progress.clock(report.seconds)) (\(Progress.grouped(rate)) entries/s)\n"
        for skipped in report.skipped { text += "  note: \(skipped)\n" }
        guard !report.isIntact else { return text }
        if let first = report.firstBroken {
            let broken = report.brokenCount == 1 ? "1 broken entry" : "\(report.brokenCount) broken entries"
            text += "  \(broken), the first is \(first)\n"
        }
        var table = Table(["  CHECK", "SEQ", "TABLE", "REASON"])
        for finding in report.findings {
            table.add([
                "  " + finding.check.name, finding.seq.map { "\($0)" } ?? "-", finding.table, finding.reason,
            ])
        }
        text += table.text
        if report.findingsTotal > report.findings.count {
            text += "  and \(report.findingsTotal - report.findings.count) more findings\n"
        }
        return text
    }
}

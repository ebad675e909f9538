package import Ledger
import LedgerStore
import MailAuthentication
import Postgres

/// Which reports are meant. Filters among each other mean "and".
package struct ReportFilter: Sendable {
    /// The longest name of a reporter that can be asked for, in characters.
    package static let orgNameSizeMax = 1_024

    package enum Outcome: String, CaseIterable, Sendable { case accepted, recovered, rejected }

    /// The domain whose policy a report is about, in lower case.
    package var policyDomain: String?
    /// Who reports; case and white space do not matter.
    package var orgName: String?
    package var outcome: Outcome?
    /// The earliest beginning of a report's period.
    package var from: Timestamp?
    /// Before this beginning of a report's period.
    package var to: Timestamp?

    package init() {}

    /// The name for comparison, as reports are read (``AggregateReport/Metadata/orgNameNormalized``).
    private var submitter: String? {
        orgName.map { name in
            let words = name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
                .split { $0 == 0x20 || (0x09...0x0D).contains($0) }
            return String(decoding: Array(words.joined(separator: [0x20])), as: UTF8.self)
        }
    }

    /// The filters by name: what a cursor is bound to.
    var members: [JSONValue.Member] {
        let texts = [
            ("from", from?.text), ("org_name", submitter), ("outcome", outcome?.rawValue),
            ("policy_domain", policyDomain),
            ("to", to?.text),
        ]
        return texts.compactMap { name, text in text.map { .init(name, .string($0)) } }
    }

    /// The condition on `countersign.dmarc_reports r`.
    func condition(_ ledger: StoredLedger) -> Statement {
        var parts: [Statement] = ["r.ledger_id = \(ledger.id)"]
        if let policyDomain { parts.append("r.policy_domain = \(policyDomain)") }
        if let submitter { parts.append("r.submitter = \(submitter)") }
        if let outcome { parts.append("r.outcome = \(outcome.rawValue)") }
        if let from { parts.append("r.begins >= \(Self.seconds(from))") }
        if let to { parts.append("r.begins < \(Self.seconds(to))") }
        return parts.joined(by: " AND ")
    }

    /// The first whole second that is not before the moment, of 1970 or later.
    private static func seconds(_ moment: Timestamp) -> Int64 { max(0, moment.microseconds + 999_999) / 1_000_000 }
}

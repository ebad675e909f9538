package import Ledger
import LedgerStore
import MailAuthentication
import Postgres

/// Which reports are meant. Filters among each other mean "and".
package struct ReportFilter: Sendable {
    package enum Outcome: String, CaseIterable, Sendable { case accepted, recovered, rejected }

    /// The domain whose policy a report is about, in lower case.
    package var policyDomain: String?
    /// The Organizational Domain of the receiver, in lower case.
    package var receiver: String?
    package var trust: ReportTrust?
    package var outcome: Outcome?
    /// The earliest beginning of a report's period.
    package var from: Timestamp?
    /// Before this beginning of a report's period.
    package var to: Timestamp?

    package init() {}

    /// The filters by name: what a cursor is bound to.
    var members: [JSONValue.Member] {
        let texts = [
            ("from", from?.text), ("outcome", outcome?.rawValue), ("policy_domain", policyDomain),
            ("receiver", receiver), ("to", to?.text), ("trust", trust?.rawValue),
        ]
        return texts.compactMap { name, text in text.map { .init(name, .string($0)) } }
    }

    /// The condition on `countersign.dmarc_reports r`.
    func condition(_ ledger: StoredLedger) -> Statement {
        var parts: [Statement] = ["r.ledger_id = \(ledger.id)"]
        if let policyDomain { parts.append("r.policy_domain = \(policyDomain)") }
        if let receiver { parts.append("r.receiver = \(receiver)") }
        if let trust { parts.append("r.trust = \(trust.rawValue)") }
        if let outcome { parts.append("r.outcome = \(outcome.rawValue)") }
        if let from { parts.append("r.begins >= \(Self.seconds(from))") }
        if let to { parts.append("r.begins < \(Self.seconds(to))") }
        return parts.joined(by: " AND ")
    }

    /// The first whole second that is not before the moment, of 1970 or later.
    private static func seconds(_ moment: Timestamp) -> Int64 { max(0, moment.microseconds + 999_999) / 1_000_000 }
}

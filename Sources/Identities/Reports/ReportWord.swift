import Ledger
import MailAuthentication

/// Whose word a report is: the receiver that it is attributed to, and why it counts. It is judged once, when the report
/// comes in, and stands in its entry; what `org_name` says has no part in it.
struct ReportWord: Sendable {
    /// The Organizational Domain of the receiver: that of the mail that carried the report and passed DMARC, else that
    /// of the report's own address; nil where there is neither.
    let receiver: DomainName?
    /// Whether nothing but the report itself says so.
    let isClaimed: Bool
    let trust: ReportTrust

    /// - Parameters:
    ///   - carrier: the check of the mail that carried the report.
    ///   - bringer: what the word of the one who hands it in is worth: `operator`, `admin`, `token` or `unverified`.
    init(
        _ report: AggregateReport, carrier: MessageVerification?, bringer: ReportTrust, _ rules: ReceiverRules
    ) {
        let email = report.metadata.emailDomain.map(rules.organization)
        guard let carrier, carrier.dmarc.value == .pass, let author = carrier.author.authorDomain else {
            (receiver, isClaimed, trust) = (email, true, bringer)
            return
        }
        let organization = rules.organization(of: author)
        receiver = organization
        isClaimed = false
        if organization == email {
            trust = .carrier
        } else {
            trust = rules.isListed(author) ? .listed : bringer
        }
    }

    /// The members of the entry's `data`.
    var members: [JSONValue.Member] {
        let members: [JSONValue.Member] = [
            .init("receiver_claimed", .bool(isClaimed)), .init("trust", .string(trust.rawValue)),
        ]
        return members + (receiver.map { [.init("receiver", .string($0.text))] } ?? [])
    }
}

import Cryptography
package import Ledger
import MailAuthentication

/// What a report writes into the ledger: an entry of kind `report`.
///
/// The line holds what is said of the report as a whole and the SHA-256 of its rows, which stand in a table beside it.
/// Reports are about hosts and domains; the mail that brought one is not kept, only its own check.
enum ReportEvent {
    /// `data.event`.
    static let name = "dmarc_report.received"
    /// How many signatures of the mail a line names.
    private static let signaturesMax = 10

    /// The entry of `incoming`; `rows` is nil if it was rejected, and `word` then too, or where nobody has judged yet.
    static func event(
        _ incoming: IncomingReport, _ rows: ReportRows?, carrier: DMARCReports.CarrierCheck?, word: ReportWord?
    ) -> Event {
        var data: [JSONValue.Member] = [
            .init("container", .string(incoming.container.rawValue)), .init("event", .string(name)),
            .init("raw_sha256", .string(incoming.digest.hex)), .init("size", .integer(incoming.bytes.count)),
        ]
        if let carrier { data.append(.init("mail", mail(carrier))) }
        switch incoming.reading {
        case .rejected(let fault): data.append(.init("reason", .string(fault.code)))
        case .report(let report, let repairs):
            data += members(of: report)
            if let rows { data += members(of: rows) }
            if let word { data += word.members }
            if !repairs.isEmpty { data.append(.init("repairs", .array(repairs.map { .string($0.rawValue) }))) }
        }
        return Event(kind: .report, outcome: incoming.outcome, data: data)
    }

    private static func members(of report: AggregateReport) -> [JSONValue.Member] {
        let isRFC9990 = report.namespace == AggregateReport.namespaceRFC9990
        var members: [JSONValue.Member] = [
            .init("form", .string(isRFC9990 ? "rfc9990" : "rfc7489")),
            .init("org_name", .string(report.metadata.orgName)),
            .init("report_id", .string(report.metadata.reportID)), .init("begin", .integer(Int(report.metadata.begin))),
            .init("end", .integer(Int(report.metadata.end))), .init("records", .integer(report.rows.count)),
            .init("messages", .integer(Int(report.messageCount))), .init("policy", policy(report.policy)),
        ]
        if let domain = report.metadata.emailDomain { members.append(.init("email_domain", .string(domain.text))) }
        if let domain = report.policy.domain { members.append(.init("policy_domain", .string(domain.text))) }
        return members
    }

    private static func policy(_ policy: AggregateReport.PublishedPolicy) -> JSONValue {
        let words = [
            ("adkim", policy.adkim?.rawValue), ("aspf", policy.aspf?.rawValue),
            ("discovery_method", policy.discoveryMethod?.rawValue), ("fo", policy.failureOptions),
            ("np", policy.nonexistentPolicy?.rawValue), ("p", policy.policy?.rawValue), ("pct", policy.percentage),
            ("sp", policy.subdomainPolicy?.rawValue), ("testing", policy.testing.map { $0 ? "y" : "n" }),
        ]
        return .object(words.compactMap { name, word in word.map { JSONValue.Member(name, .string($0)) } })
    }

    private static func members(of rows: ReportRows) -> [JSONValue.Member] {
        let dispositions = rows.dispositions.map { JSONValue.Member($0.name, .integer(Int($0.count))) }
        return [
            .init("aligned", .integer(Int(rows.alignedCount))), .init("dispositions", .object(dispositions)),
            .init("rows_sha256", .string(rows.digest.hex)),
        ]
    }

    /// The check of the mail that brought the report: rows are claims, and this says whose (RFC 9990, security
    /// considerations).
    private static func mail(_ carrier: DMARCReports.CarrierCheck) -> JSONValue {
        let result = carrier.result
        let signatures = result.dkim.results.prefix(signaturesMax).map { signature in
            let domain = signature.domain.flatMap { DomainName($0) }.flatMap { $0.isHostName ? $0.text : nil }
            let named = domain.map { [JSONValue.Member("d", .string($0))] } ?? []
            return JSONValue.object(
                named + [
                    .init("reason", .string(signature.reason.rawValue)),
                    .init("result", .string(signature.value.rawValue)),
                ])
        }
        var members: [JSONValue.Member] = [
            .init("assessment", .string(result.assessment.rawValue)), .init("dkim", .array(signatures)),
            .init(
                "dmarc",
                ["reason": .string(result.dmarc.reason.rawValue), "result": .string(result.dmarc.value.rawValue)]),
            .init("evidence", .array(carrier.evidence.map { .string($0.id.hex) })),
        ]
        if result.hasRestoredLineEnds { members.append(.init("line_endings", "restored")) }
        if let domain = result.author.authorDomain, domain.isHostName {
            members.append(.init("author_domain", .string(domain.text)))
        }
        return .object(members)
    }
}

extension IncomingReport {
    /// What an import would record of it: the `data` of the entry, but for a check of the mail that carries it and what
    /// hangs on that, the receiver and whether it counts.
    package var summary: [JSONValue.Member] {
        ReportEvent.event(self, report.map { ReportRows($0, isLaidOut: false) }, carrier: nil, word: nil).data ?? []
    }

    /// The outcome of the entry: `accepted`, `recovered` or `rejected`.
    package var outcome: String {
        switch reading {
        case .rejected: "rejected"
        case .report(_, let repairs): repairs.isEmpty ? "accepted" : "recovered"
        }
    }

    /// What makes it the same when it comes again, in whatever container: the same report with the same rows, by a word
    /// that is worth as much. So a report that first came from anybody is taken in once more when its receiver, or
    /// somebody who is trusted, brings it. What was rejected is the same if its bytes are.
    func key(_ rows: ReportRows?, _ word: ReportWord?) throws(Refusal) -> IdempotencyKey {
        guard let report, let rows, let word else { return try IdempotencyKey("rejected:\(digest.hex)") }
        let name = ReportName(report, word.receiver).json.elements ?? []
        let version = name + [.string(rows.digest.hex), .integer(word.trust.rank)]
        return try IdempotencyKey("report:\(SHA256.digest(CanonicalWriter.bytes(of: .array(version))).hex)")
    }
}

/// Which report it is, whatever it says (RFC 9990 §3.5): who sent it, about which domain, under which id, for which
/// period.
struct ReportName: Sendable {
    /// The canonical JSON array of receiver, policy domain, id, beginning and end, with "" for what is not known.
    let json: JSONValue

    init(_ report: AggregateReport, _ receiver: DomainName?) {
        json = [
            .string(receiver?.text ?? ""), .string(report.policy.domain?.text ?? ""),
            .string(report.metadata.reportID), .integer(Int(report.metadata.begin)),
            .integer(Int(report.metadata.end)),
        ]
    }

    /// The name of the report that an entry is about; nil if it was rejected.
    init?(_ record: ReportRecord) {
        guard let id = record["report_id"], let begin = record["begin"], let end = record["end"] else { return nil }
        json = [record["receiver"] ?? "", record["policy_domain"] ?? "", id, begin, end]
    }

    /// What the versions of a report are found by.
    var tag: [UInt8] { Array(SHA256.digest(CanonicalWriter.bytes(of: json)).bytes.prefix(16)) }
}

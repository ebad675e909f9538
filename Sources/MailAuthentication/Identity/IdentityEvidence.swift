package import Ledger

/// Where the evidence of a scheduled check comes from: the live name system, except for what was asked so lately that
/// the schedule does not want it asked again.
package struct IdentityEvidence: EvidenceSource {
    private let live: any EvidenceSource
    private let kept: [Question: DNSEvidence]

    /// - Parameters:
    ///   - evidence: what the last check was based on.
    ///   - dmarcSince: answers about DMARC records that were asked for before this are asked for again.
    ///   - othersSince: the same for SPF, DKIM and all else.
    package init(
        _ live: any EvidenceSource, keeping evidence: [DNSEvidence], dmarcSince: Timestamp, othersSince: Timestamp
    ) {
        self.live = live
        var kept: [Question: DNSEvidence] = [:]
        for each in evidence where !each.answer.isTemporaryError {
            let since = Self.isAboutDMARC(each.question) ? dmarcSince : othersSince
            if each.observation.askedAt > since { kept[each.question] = each }
        }
        self.kept = kept
    }

    package func evidence(of question: Question) async -> DNSEvidence {
        if let evidence = kept[question] { return evidence }
        return await live.evidence(of: question)
    }

    private static func isAboutDMARC(_ question: Question) -> Bool { question.name.labels.first == "_dmarc" }
}

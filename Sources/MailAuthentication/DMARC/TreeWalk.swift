package import Cryptography

/// The DNS tree walk (RFC 9989 §4.10): the DMARC records from a name up to its top-level domain.
package struct TreeWalk: Hashable, Sendable {
    /// A walk asks at most this often; a name of more labels is cut to seven after the first question.
    package static let queriesMax = 8

    /// One question of the walk.
    package struct Step: Hashable, Sendable {
        /// The domain whose record was asked for, at `_dmarc.<domain>`.
        package let domain: DomainName
        package let outcome: Answer.Outcome
        /// Nil where `_dmarc.<domain>` is too long to be a name, so that nothing was asked.
        package let evidence: Digest?
        /// The record, if there was exactly one and it is valid.
        package let record: DMARCRecord?
        /// What is odd about the set of records at the name; the record's own anomalies are in it.
        package let anomalies: [DMARCAnomaly]
        /// The tags that stand twice in the only record, which is discarded for it.
        package let duplicateTags: [String]

        /// The name that was asked for.
        package var queriedName: String { "_dmarc.\(domain)" }
        /// Whether the walk kept a record here.
        package var isKept: Bool { record != nil }
    }

    /// Where the walk began.
    package let start: DomainName
    /// The questions in their order, the longest name first.
    package let steps: [Step]
    /// Why the walk broke off: a question was not answered. Then it says nothing about organisation or policy.
    package let failure: DMARCReason?

    /// Walks from `start` upwards.
    init(from start: DomainName, _ queries: inout DMARCQueries) async {
        var steps: [Step] = []
        var failure: DMARCReason?
        var count = start.labelCount
        while steps.count < Self.queriesMax {
            let domain = start.suffix(count)
            let found = await queries.records(for: domain)
            let only = found.records.count == 1 ? found.records.first : nil
            let record = found.valid
            var anomalies: [DMARCAnomaly] = found.records.count > 1 ? [.multipleRecords] : []
            if found.hasAlmostRecord { anomalies.append(.invalidVersion) }
            steps.append(
                Step(
                    domain: domain, outcome: found.outcome, evidence: found.evidence, record: record,
                    anomalies: anomalies + (only?.anomalies ?? []), duplicateTags: only?.duplicateTags ?? []))
            failure = found.failure
            guard failure == nil, record.map({ $0.suffixFlag == .unknown }) ?? true, count > 1 else { break }
            count = count >= 8 ? 7 : count - 1
        }
        self.start = start
        self.steps = steps
        self.failure = failure
    }

    /// The Organizational Domain of the name (RFC 9989 §4.10.2); nil if the walk broke off.
    package var organizationalDomain: DomainName? {
        guard failure == nil else { return nil }
        for step in steps {
            switch step.record?.suffixFlag {
            case .no: return step.domain
            // One label below the public suffix: counted on the name itself, for the walk may have skipped labels.
            case .yes where step.domain != start: return start.suffix(step.domain.labelCount + 1)
            case .yes, .unknown, nil: continue
            }
        }
        return steps.last(where: \.isKept)?.domain ?? start
    }

    /// The domain and record that set the policy for mail from `start` (RFC 9989 §4.10.1), in order of preference: the
    /// Author Domain, its organisation, the public suffix above. Nil if there is none, or if the walk broke off.
    var policyRecord: (domain: DomainName, record: DMARCRecord)? {
        guard let organizationalDomain else { return nil }
        let kept = steps.compactMap { step in step.record.map { (domain: step.domain, record: $0) } }
        return kept.first { $0.domain == start } ?? kept.first { $0.domain == organizationalDomain }
            ?? kept.first { $0.record.suffixFlag == .yes }
    }
}

import Cryptography

/// The questions of one evaluation: each is asked once, however many walks need it, and its evidence kept in order.
struct DMARCQueries: Sendable {
    /// What stands at one `_dmarc` name.
    struct Records: Sendable {
        let outcome: Answer.Outcome
        /// Nil where the name would be too long to ask for.
        let evidence: Digest?
        /// The DMARC records of the name, invalid ones too. Other TXT records are not among them.
        let records: [DMARCRecord]
        let hasAlmostRecord: Bool
        /// The record that counts: the only one, if it is valid.
        var valid: DMARCRecord? { records.count == 1 ? records.first { $0.isValid } : nil }
        /// Why there is no saying what stands there; nil if there is.
        var failure: DMARCReason? { DMARCReason(outcome) }
    }

    private let resolver: any Resolver
    private var answers: [Question: Answer] = [:]
    private var records: [DomainName: Records] = [:]
    /// The evidence of all answers so far, in the order of the questions.
    private(set) var evidence: [Digest] = []

    init(_ resolver: any Resolver) { self.resolver = resolver }

    mutating func answer(to question: Question) async -> Answer {
        if let known = answers[question] { return known }
        let answer = await resolver.answer(to: question)
        answers[question] = answer
        if !evidence.contains(answer.evidence) { evidence.append(answer.evidence) }
        return answer
    }

    /// The DMARC records for `domain`, at `_dmarc.<domain>`.
    mutating func records(for domain: DomainName) async -> Records {
        if let known = records[domain] { return known }
        // No name longer than 253 characters exists, nor a record at it.
        guard let name = domain.prefixed(by: "_dmarc") else {
            return Records(outcome: .nxdomain, evidence: nil, records: [], hasAlmostRecord: false)
        }
        let answer = await answer(to: Question(name, .txt))
        let found = Records(
            outcome: answer.outcome, evidence: answer.evidence, records: answer.texts.compactMap { DMARCRecord($0) },
            hasAlmostRecord: answer.texts.contains(where: DMARCRecord.isAlmostRecord))
        records[domain] = found
        return found
    }
}

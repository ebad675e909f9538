import Synchronization

/// The resolver of one evaluation: it asks each question once, and keeps the evidence of all.
package final class EvaluationResolver: Resolver {
    private let source: any EvidenceSource
    private let known = Mutex<(answers: [Question: Answer], evidence: [DNSEvidence])>(([:], []))

    package init(_ source: any EvidenceSource) { self.source = source }

    /// The evidence so far, in the order in which it was asked for.
    package var evidence: [DNSEvidence] { known.withLock { $0.evidence } }

    package func answer(to question: Question) async -> Answer {
        if let answer = known.withLock({ $0.answers[question] }) { return answer }
        let evidence = await source.evidence(of: question)
        return known.withLock { known in
            // Two parts of an evaluation may have asked at once: the first answer counts.
            if let answer = known.answers[question] { return answer }
            known.answers[question] = evidence.answer
            known.evidence.append(evidence)
            return evidence.answer
        }
    }
}

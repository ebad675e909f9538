package import Ledger
import Synchronization

/// Evidence that was kept, as a source: a check that is repeated on it comes to the same result.
package final class KeptEvidence: EvidenceSource {
    private let kept: [Question: DNSEvidence]
    private let time: Timestamp
    private let asked = Mutex<[Question]>([])

    /// - Parameter time: the moment that is written into the evidence of questions that were never asked.
    package init(_ evidence: [DNSEvidence], at time: Timestamp) {
        kept = Dictionary(evidence.map { ($0.question, $0) }) { first, _ in first }
        self.time = time
    }

    /// What was asked for and is not among the evidence; empty after a check that is the same as the first.
    package var missing: [Question] { asked.withLock { $0 } }

    package func evidence(of question: Question) async -> DNSEvidence {
        if let evidence = kept[question] { return evidence }
        asked.withLock { $0.append(question) }
        return DNSEvidence(
            question, DNSEvidence.Origin(kind: "kept", version: VerificationEngine.version, upstream: []),
            DNSEvidence.Observation(askedAt: time, answeredAt: time))
    }
}

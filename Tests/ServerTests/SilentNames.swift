import Ledger
import MailAuthentication

/// A name system that never answers.
struct SilentNames: EvidenceSource {
    func evidence(of question: Question) async -> DNSEvidence {
        let moment = Timestamp(microseconds: 0)
        return DNSEvidence(
            question, DNSEvidence.Origin(kind: "silent", version: "1", upstream: []),
            DNSEvidence.Observation(askedAt: moment, answeredAt: moment))
    }
}

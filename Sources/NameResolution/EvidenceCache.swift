import MailAuthentication
import Synchronization

/// Evidence that still holds, by question. It forgets what is over, and at random when it is full.
final class EvidenceCache: Sendable {
    /// How many answers are kept.
    private static let countMax = 20_000

    private struct Kept {
        let evidence: DNSEvidence
        let until: ContinuousClock.Instant
    }

    private let kept = Mutex<[Question: Kept]>([:])

    func evidence(of question: Question) -> DNSEvidence? {
        kept.withLock { kept in
            guard let found = kept[question] else { return nil }
            guard found.until > .now else {
                kept[question] = nil
                return nil
            }
            return found.evidence
        }
    }

    func keep(_ evidence: DNSEvidence, for time: Duration) {
        guard time > .zero else { return }
        kept.withLock { kept in
            if kept.count >= Self.countMax {
                let now = ContinuousClock.now
                kept = kept.filter { $0.value.until > now }
                while kept.count >= Self.countMax { kept.remove(at: kept.startIndex) }
            }
            kept[evidence.question] = Kept(evidence: evidence, until: .now + time)
        }
    }
}

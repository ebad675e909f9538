import MailAuthentication
import Synchronization

/// Evidence that still holds, by question. It forgets what is over, and more than that when it is full.
final class EvidenceCache: Sendable {
    /// How many answers are kept.
    private static let countMax = 20_000
    /// How many are left when there was no room.
    private static let countKept = 15_000
    /// The longest evidence that is kept, in bytes of its JSON: an answer is a few hundred bytes long, unless somebody
    /// wants our memory.
    private static let sizeMax = 16_384

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
        guard time > .zero, evidence.json.count <= Self.sizeMax else { return }
        kept.withLock { kept in
            if kept.count >= Self.countMax {
                let now = ContinuousClock.now
                kept = kept.filter { $0.value.until > now }
                // Many at once: each removal of one would make the next answer look through all again.
                while kept.count > Self.countKept { kept.remove(at: kept.startIndex) }
            }
            kept[evidence.question] = Kept(evidence: evidence, until: .now + time)
        }
    }
}

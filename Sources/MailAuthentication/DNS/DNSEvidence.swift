package import Cryptography
package import Ledger

/// What is kept of one look-up, so that it can be judged again years later: the question, the wire answer with its
/// signatures, and what the resolver made of it.
///
/// Addressed by its content: ``id`` is the SHA-256 of its canonical JSON.
package struct DNSEvidence: Sendable {
    /// What DNSSEC says of the answer (RFC 4033 §5).
    package enum Validation: String, Sendable, CaseIterable {
        case secure
        case insecure
        case bogus
        /// There was no answer to validate, or nobody validated it.
        case unchecked
    }

    /// Who was asked, as far as it matters to a reader of the evidence.
    package struct Origin: Sendable, Hashable {
        package let kind: String
        package let version: String
        /// `address@port` of the servers that questions are sent to; empty where the resolver asks from the root on.
        package let upstream: [String]

        package init(kind: String, version: String, upstream: [String]) {
            self.kind = kind
            self.version = version
            self.upstream = upstream
        }
    }

    /// What came back, before it is read.
    package struct Observation: Sendable {
        package var outcome: Answer.Outcome
        /// The response code of the header (RFC 1035 §4.1.1, RFC 6895 §2.3); 0 where no answer came.
        package var rcode: Int
        package var validation: Validation
        package var whyBogus: String?
        /// The wire message; empty where no answer came.
        package var packet: [UInt8]
        package var askedAt: Timestamp
        package var answeredAt: Timestamp

        /// Nothing came back in time.
        package init(askedAt: Timestamp, answeredAt: Timestamp) {
            outcome = .timeout
            rcode = 0
            validation = .unchecked
            packet = []
            self.askedAt = askedAt
            self.answeredAt = answeredAt
        }
    }

    /// The answer that the evidence shows.
    package let answer: Answer
    /// The names that aliases led to.
    package let aliases: [DomainName]
    /// How many seconds the answer holds; 0 where nothing is said.
    package let ttl: Int
    package let origin: Origin
    package let observation: Observation
    /// The canonical JSON: what is stored.
    package let json: [UInt8]

    /// The SHA-256 of ``json``.
    package var id: Digest { answer.evidence }
    package var question: Question { answer.question }

    /// The evidence of one look-up. What an answer shows is read from the packet alone, so that it can be read again;
    /// where the packet does not show what the resolver says, the outcome is ``Answer/Outcome/servfail``.
    package init(_ question: Question, _ origin: Origin, _ observation: Observation) {
        self.origin = origin
        self.observation = observation
        let reading = Reading(question, observation)
        aliases = reading.finding.aliases
        ttl = Int([reading.finding.ttl, reading.denialTTL].compactMap { $0 }.min() ?? 0)
        json = CanonicalWriter.bytes(of: Self.json(question, origin, observation, reading))
        answer = Answer(question, reading.outcome, reading.finding.records, evidence: SHA256.digest(json))
    }

    /// What the packet shows.
    private struct Reading {
        var outcome: Answer.Outcome
        var finding = DNSMessage.Finding()
        var denialTTL: UInt32?

        init(_ question: Question, _ observation: Observation) {
            outcome = observation.outcome
            switch outcome {
            case .servfail, .timeout, .refused, .networkError, .bogus: return
            case .answer, .nodata, .nxdomain: break
            }
            guard let message = DNSMessage(observation.packet), let finding = message.finding(for: question),
                finding.hasType == (outcome == .answer)
            else {
                outcome = .servfail
                return
            }
            self.finding = finding
            if outcome != .answer { denialTTL = message.denialTTL }
            // The name that is denied is the one that the aliases end at (RFC 6604 §2); the one asked for exists.
            if outcome == .nxdomain, !finding.aliases.isEmpty { outcome = .nodata }
        }
    }
}

extension DNSEvidence {
    private static func json(
        _ question: Question, _ origin: Origin, _ observation: Observation, _ reading: Reading
    ) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("qname", .string(question.name.text)), .init("qtype", .string(question.type.name)),
            .init("asked_at", .string(observation.askedAt.text)),
            .init("answered_at", .string(observation.answeredAt.text)),
            .init(
                "resolver",
                .object([
                    .init("kind", .string(origin.kind)), .init("version", .string(origin.version)),
                    .init("upstream", .array(origin.upstream.map { .string($0) })),
                ])),
            .init("outcome", .string(reading.outcome.rawValue)), .init("rcode", .integer(observation.rcode)),
            .init("dnssec", .string(observation.validation.rawValue)),
        ]
        if let whyBogus = observation.whyBogus, observation.outcome == .bogus {
            members.append(.init("why_bogus", .string(whyBogus)))
        }
        if !observation.packet.isEmpty {
            members.append(.init("packet", .string(Base64URL.encode(observation.packet))))
        }
        return .object(members)
    }
}

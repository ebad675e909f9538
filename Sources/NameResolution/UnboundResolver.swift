package import Ledger
package import MailAuthentication

/// The live name system, through libunbound: it validates DNSSEC itself and keeps the wire answers.
package final class UnboundResolver: EvidenceSource {
    private let context: UnboundContext
    private let cache = EvidenceCache()
    private let settings: NameServerSettings
    private let origin: DNSEvidence.Origin
    private let clock: @Sendable () -> Timestamp

    /// - Throws: where libunbound refuses a setting, with its name.
    package init(
        _ settings: NameServerSettings, clock: @escaping @Sendable () -> Timestamp
    ) throws(NameResolutionError) {
        context = try UnboundContext(settings)
        self.settings = settings
        self.clock = clock
        origin = DNSEvidence.Origin(
            kind: "libunbound", version: UnboundContext.version,
            upstream: settings.forwarders + settings.stubs.map { "\($0.zone)=\($0.server)" })
    }

    package func evidence(of question: Question) async -> DNSEvidence {
        if let kept = cache.evidence(of: question) { return kept }
        let askedAt = clock()
        // A backslash is the one sign that libunbound reads as more than itself.
        let name = question.name.text.replacing("\\", with: "\\\\")
        let reply = await context.reply(to: name, type: question.type.rawValue, timeout: settings.timeout)
        let evidence = DNSEvidence(question, origin, observation(reply, from: askedAt, to: clock()))
        if !evidence.answer.isTemporaryError {
            cache.keep(evidence, for: min(.seconds(evidence.ttl), settings.cacheTime))
        }
        return evidence
    }

    private func observation(
        _ reply: UnboundContext.Reply?, from askedAt: Timestamp, to answeredAt: Timestamp
    ) -> DNSEvidence.Observation {
        var observation = DNSEvidence.Observation(askedAt: askedAt, answeredAt: answeredAt)
        guard let reply else { return observation }
        observation.rcode = reply.rcode
        observation.packet = reply.packet
        observation.whyBogus = reply.whyBogus
        observation.validation = !settings.validates ? .unchecked : reply.isSecure ? .secure : .insecure
        // Data of a bogus answer is there all the same: this comes first.
        if reply.isBogus {
            observation.validation = .bogus
            observation.outcome = .bogus
        } else if reply.isNameError {
            observation.outcome = .nxdomain
        } else if reply.hasData {
            observation.outcome = .answer
        } else {
            observation.outcome = Self.outcome(ofResponseCode: reply.rcode)
        }
        return observation
    }

    /// RFC 1035 §4.1.1: 0 without data is NODATA, 5 is a refusal; the other codes are the server's failure.
    private static func outcome(ofResponseCode rcode: Int) -> Answer.Outcome {
        switch rcode {
        case 0: .nodata
        case 3: .nxdomain
        case 5: .refused
        default: .servfail
        }
    }
}

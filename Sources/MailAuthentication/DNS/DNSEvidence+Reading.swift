import Cryptography
import Ledger

extension DNSEvidence {
    /// The longest evidence, in bytes: a packet of 65,535 in base64url, and what stands beside it.
    package static let sizeMax = 131_072

    /// Reads evidence that was kept; nil if the bytes are not exactly what this engine would keep of such a look-up.
    package init?(json bytes: [UInt8]) {
        guard bytes.count <= Self.sizeMax, let json = try? JSONReader.read(bytes),
            let question = Self.question(json), let origin = Self.origin(json["resolver"]),
            let observation = Self.observation(json)
        else { return nil }
        let evidence = DNSEvidence(question, origin, observation)
        guard evidence.json == bytes else { return nil }
        self = evidence
    }

    private static func question(_ json: JSONValue) -> Question? {
        guard let name = json["qname"]?.text.flatMap({ DomainName($0) }),
            let type = RecordType.allCases.first(where: { $0.name == json["qtype"]?.text })
        else { return nil }
        return Question(name, type)
    }

    private static func origin(_ json: JSONValue?) -> Origin? {
        guard let kind = json?["kind"]?.text, let version = json?["version"]?.text,
            let upstream = json?["upstream"]?.elements
        else { return nil }
        return Origin(kind: kind, version: version, upstream: upstream.compactMap(\.text))
    }

    private static func observation(_ json: JSONValue) -> Observation? {
        guard let askedAt = json["asked_at"]?.text.flatMap({ Timestamp($0) }),
            let answeredAt = json["answered_at"]?.text.flatMap({ Timestamp($0) }),
            let outcome = json["outcome"]?.text.flatMap(Answer.Outcome.init(rawValue:)),
            let validation = json["dnssec"]?.text.flatMap(Validation.init(rawValue:)),
            let rcode = json["rcode"]?.number
        else { return nil }
        var observation = Observation(askedAt: askedAt, answeredAt: answeredAt)
        observation.outcome = outcome
        observation.rcode = rcode
        observation.validation = validation
        observation.whyBogus = json["why_bogus"]?.text
        if let packet = json["packet"]?.text {
            guard let bytes = Base64URL.decode(packet) else { return nil }
            observation.packet = bytes
        }
        return observation
    }
}

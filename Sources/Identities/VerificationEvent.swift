import Cryptography
import Ledger
import MailAuthentication

/// What a check writes into the ledger: an entry of kind `verification`.
///
/// What a line says in clear is what queries and strangers need: domains, results, reasons, and the digests of the
/// evidence. The whole result of a message and its envelope hold addresses of people, so they are sealed.
struct VerificationEvent {
    /// The names of the events, under `data.event`.
    enum Name: String {
        case message = "message.verified"
        case spf = "spf.checked"
        case identity = "identity.verified"
    }

    /// The longest whole result that an entry keeps sealed, in bytes: more than that only a hostile message has, and
    /// its results stand in the line in short.
    private static let resultSizeMax = 256 * 1_024
    /// The longest result of an identity that stands in the line, in bytes; a longer one is sealed, and a short form
    /// stands there.
    private static let clearSizeMax = 20_000
    /// How many pieces of evidence a line names, at 67 bytes each; the whole list is sealed then.
    private static let evidenceMax = 400
    /// How many domains of authors a line names.
    private static let authorDomainsMax = 10

    /// What every check says of itself.
    private static func origin(
        _ name: Name, _ evidence: [DNSEvidence], _ list: PublicSuffixList?
    ) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("event", .string(name.rawValue)), .init("spec", .string(VerificationEngine.specification)),
            .init("engine", .string(VerificationEngine.version)),
            .init("evidence", .array(evidence.prefix(evidenceMax).map { .string($0.id.hex) })),
        ]
        if evidence.count > evidenceMax {
            members.append(.init("evidence_omitted", .integer(evidence.count - evidenceMax)))
        }
        if let list { members.append(.init("public_suffix_list", .string(list.digest.hex))) }
        return members
    }

    /// The digests of all evidence, where the line does not name all.
    private static func sealed(_ evidence: [DNSEvidence]) -> [JSONValue.Member] {
        guard evidence.count > evidenceMax else { return [] }
        return [.init("evidence", .string(evidence.map(\.id.hex).joined(separator: " ")))]
    }

    private static func event(
        outcome: String, data: [JSONValue.Member], personal: [JSONValue.Member], further: [JSONValue.Member] = []
    ) throws(Refusal) -> Event {
        var members: [JSONValue.Member] = [
            .init("kind", .string(Kind.verification.rawValue)), .init("outcome", .string(outcome)),
            .init("data", .object(data)),
        ]
        if !personal.isEmpty { members.append(.init("personal", .object(personal))) }
        return try Event.read(.object(members + further), via: .service).event
    }

    /// The check of an identity.
    ///
    /// - Parameters:
    ///   - trigger: why it was checked.
    ///   - previous: the entry of the check before it.
    ///   - changed: the members of the result that are others than there.
    static func identity(
        _ name: IdentityName, _ settings: IdentitySettings, _ verification: IdentityVerification, trigger: Trigger,
        previous: Int?, changed: [String], evidence: [DNSEvidence], list: PublicSuffixList?
    ) throws(Refusal) -> Event {
        var data = origin(.identity, evidence, list)
        data += [
            .init("identity", .string(name.text)), .init("trigger", .string(trigger.rawValue)),
            .init("settings", settings.json),
        ]
        var personal = sealed(evidence)
        let result = verification.json
        let size = CanonicalWriter.bytes(of: result).count
        data.append(.init("result", size <= clearSizeMax ? result : ShortenedResult.of(result)))
        if (clearSizeMax + 1...resultSizeMax).contains(size) { personal.append(.init("result", result)) }
        if let previous { data.append(.init("previous", .integer(previous))) }
        if !changed.isEmpty { data.append(.init("changed", .array(changed.map { .string($0) }))) }
        let sender = name.address.map { [JSONValue.Member("sender", .string($0.text))] } ?? []
        return try event(outcome: verification.assessment.rawValue, data: data, personal: personal, further: sender)
    }

    /// The check of a message.
    ///
    /// - Parameters:
    ///   - claimed: the facts that the caller gave, by name.
    ///   - trusted: the hosts whose `Authentication-Results` were trusted.
    static func message(
        _ verification: MessageVerification, _ envelope: MessageEnvelope, claimed: [String], phase: Phase,
        trusted: [String], evidence: [DNSEvidence], list: PublicSuffixList?
    ) throws(Refusal) -> Event {
        var data = origin(.message, evidence, list)
        data += [
            .init("phase", .string(phase.rawValue)), .init("as_of", .string(verification.asOf.text)),
            .init(
                "author_domains",
                .array(verification.author.domains.prefix(authorDomainsMax).map { .string($0.text) })),
            .init("spf", .array(verification.spf.map { spf($0) })),
            .init("dkim", .array(verification.dkim.results.map { dkim($0) })),
            .init("dmarc", dmarc(verification.dmarc)),
        ]
        data += Self.claimed(claimed)
        if verification.hasRestoredLineEnds { data.append(.init("line_endings", "restored")) }
        var personal = sealed(evidence) + [.init("envelope", json(envelope))]
        if !trusted.isEmpty { data.append(.init("trusted_authserv_ids", .array(trusted.map { .string($0) }))) }
        let result = verification.json
        if CanonicalWriter.bytes(of: result).count <= resultSizeMax {
            personal.append(.init("result", result))
        } else {
            data.append(.init("result_omitted", true))
        }
        var further: [JSONValue.Member] = []
        if let id = verification.messageID.flatMap({ try? MessageID($0) }) {
            further.append(.init("message_id", .string(id.text)))
        }
        if verification.author.mailboxes.count == 1, let author = verification.author.mailboxes.first,
            let address = try? Address(author.address)
        {
            switch phase {
            case .inbound: personal.append(.init("author", .string(address.text)))
            case .preSend, .postSend, .seedCopy: further.append(.init("sender", .string(address.text)))
            }
        }
        return try event(
            outcome: verification.assessment.rawValue, data: data, personal: personal, further: further)
    }

    /// The check of a client by SPF alone, for a message if one is named.
    ///
    /// SPF says nothing about an author, so a pass is `not_applicable` as an alignment.
    static func spf(
        _ result: SPFResult, _ request: SPFRequest, message: MessageID?, evidence: [DNSEvidence]
    ) throws(Refusal) -> Event {
        let outcome: MessageAssessment
        switch result.result {
        case .pass: outcome = .notApplicable
        case .temperror: outcome = .indeterminate
        case .none, .neutral, .fail, .softfail, .permerror: outcome = .unauthenticated
        }
        let envelope = MessageEnvelope(request, result.scope)
        let data = origin(.spf, evidence, nil) + [.init("spf", .array([spf(result)]))] + claimed(envelope.claimed())
        return try event(
            outcome: outcome.rawValue, data: data,
            personal: sealed(evidence) + [.init("envelope", json(envelope)), .init("result", result.json)],
            further: message.map { [JSONValue.Member("message_id", .string($0.text))] } ?? [])
    }

    private static func claimed(_ names: [String]) -> [JSONValue.Member] {
        names.isEmpty ? [] : [.init("claimed", .array(names.map { .string($0) }))]
    }

    private static func spf(_ result: SPFResult) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("scope", .string(result.scope.rawValue)), .init("result", .string(result.result.rawValue)),
            .init("reason", .string(result.reason.text)),
        ]
        // What is no domain may be anything, also an address.
        if let domain = DomainName(result.domain), domain.isHostName {
            members.append(.init("domain", .string(domain.text)))
        }
        return .object(members)
    }

    private static func dkim(_ result: DKIMResult) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("result", .string(result.value.rawValue)), .init("reason", .string(result.reason.rawValue)),
        ]
        for (name, text) in [("d", result.domain), ("s", result.selector)] {
            if let domain = text.flatMap({ DomainName($0) }), domain.isHostName {
                members.append(.init(name, .string(domain.text)))
            }
        }
        return .object(members)
    }

    private static func dmarc(_ result: DMARCResult) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("result", .string(result.value.rawValue)), .init("reason", .string(result.reason.rawValue)),
            .init("spf_alignment", .string(result.conclusion.spfAlignment.rawValue)),
            .init("dkim_alignment", .string(result.conclusion.dkimAlignment.rawValue)),
            .init("discovery_disagreement", .bool(result.discoveryDisagrees)),
        ]
        if let policy = result.policy { members.append(.init("policy_dmarc", .string(policy.applied.rawValue))) }
        if let list = result.listConclusion { members.append(.init("list_result", .string(list.value.rawValue))) }
        return .object(members)
    }

    private static func json(_ envelope: MessageEnvelope) -> JSONValue {
        var members: [JSONValue.Member] = []
        if let client = envelope.client { members.append(.init("ip", .string(client.description))) }
        if let helo = envelope.helo { members.append(.init("helo", .string(helo))) }
        if let mailFrom = envelope.mailFrom { members.append(.init("mail_from", .string(mailFrom))) }
        return .object(members)
    }
}

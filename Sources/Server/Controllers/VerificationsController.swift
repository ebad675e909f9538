import Hummingbird
import Ledger
import LedgerStore
import MailAuthentication

/// `/v1/verifications/...`: checks of what the name system says, with the evidence of each look-up.
struct VerificationsController: Sendable {
    /// RFC 5321 §4.5.3.1: a path has 256 octets; what is longer is no address, but may well be asked about.
    private static let textSizeMax = 1_024

    let names: any EvidenceSource
    let publicSuffixes: PublicSuffixList?
    let clock: @Sendable () -> Timestamp
    private let keys = DKIMKeyCache()

    init(names: any EvidenceSource, publicSuffixes: PublicSuffixList?, clock: @escaping @Sendable () -> Timestamp) {
        self.names = names
        self.publicSuffixes = publicSuffixes
        self.clock = clock
    }

    var routes: [Route] {
        [
            Route(.post, "/v1/verifications/spf", .ingest, spf),
            Route(.post, "/v1/verifications/identity", .ingest, identity),
            Route(.post, "/v1/verifications/message", .ingest, message),
        ]
    }

    private func spf(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let client = try members.require("ip", Self.address)
        let helo = try members.require("helo", Self.text)
        let mailFrom = try members.take("mail_from", Self.text)
        try members.requireNothingElse()
        let resolver = EvaluationResolver(names)
        let result = await SPFEvaluator(resolver: resolver).evaluate(
            SPFRequest(client: client, helo: helo, mailFrom: mailFrom ?? ""), scope: mailFrom == nil ? .helo : .mfrom)
        return JSONWriter.answer { writer in
            writer.write(result.json)
            writer.evidence(resolver.evidence)
        }
    }

    private func identity(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let identity = SenderIdentity(
            authorDomain: try members.require("domain", Self.hostName),
            mailFromDomain: try members.take("mail_from_domain", Self.hostName),
            signingDomain: try members.take("signing_domain", Self.hostName),
            selectors: try members.take("selectors") { (value) throws(Refusal) in
                try Self.list(value, max: SenderIdentity.selectorsMax, Self.selector)
            } ?? [],
            addresses: try members.take("addresses") { (value) throws(Refusal) in
                try Self.list(value, max: SenderIdentity.addressesMax, Self.address)
            } ?? [])
        try members.requireNothingElse()
        let resolver = EvaluationResolver(names)
        let verification = await IdentityVerifier(resolver: resolver, publicSuffixes: publicSuffixes).verify(
            identity, at: clock())
        return JSONWriter.answer { writer in
            writer.write(verification.json)
            writer.evidence(resolver.evidence)
        }
    }

    private func message(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let client = try query.one("ip") { (text) throws(Refusal) in try Self.address(.string(text)) }
        let helo = try query.one("helo") { (text) throws(Refusal) in try Self.text(.string(text)) }
        let mailFrom = try query.one("mail_from") { (text) throws(Refusal) in try Self.text(.string(text)) }
        let asOf = try query.timestamp("as_of") ?? clock()
        try query.requireNothingElse()
        try MediaType.requireMessage(request)
        let message = RawMessage(try await request.wholeBody(context))
        let resolver = EvaluationResolver(names)
        let verifier = MessageVerifier(resolver: resolver, publicSuffixes: publicSuffixes, keys: keys)
        // A long body keeps a processor busy: the event loop has other connections.
        let verification = await withTaskExecutorPreference(globalConcurrentExecutor) {
            await verifier.verify(
                message, MessageEnvelope(client: client, helo: helo, mailFrom: mailFrom), asOf: asOf)
        }
        return JSONWriter.answer { writer in
            writer.write(verification.json)
            writer.evidence(resolver.evidence)
        }
    }

    private static func address(_ value: JSONValue) throws(Refusal) -> IPAddress {
        guard let address = value.text.flatMap({ IPAddress(text: $0) }) else {
            throw Refusal(.invalidMember, "expected an address of IPv4 or IPv6")
        }
        return address
    }

    private static func hostName(_ value: JSONValue) throws(Refusal) -> DomainName {
        let text = try MemberReader.text(value, min: 1, max: DomainName.sizeMax)
        guard let name = DomainName(text), !text.hasSuffix("."), name.isHostName, name.labelCount > 1 else {
            throw Refusal(.invalidMember, "expected a domain of two labels or more, in A-labels")
        }
        return name
    }

    private static func selector(_ value: JSONValue) throws(Refusal) -> DomainName {
        let text = try MemberReader.text(value, min: 1, max: DomainName.labelSizeMax)
        guard let name = DomainName(text), !text.hasSuffix("."), name.isHostName else {
            throw Refusal(.invalidMember, "expected a selector (RFC 6376 §3.1)")
        }
        return name
    }

    private static func list<Element>(
        _ value: JSONValue, max: Int, _ read: (JSONValue) throws(Refusal) -> Element
    ) throws(Refusal) -> [Element] {
        guard let elements = value.elements else { throw Refusal(.invalidMember, "expected a list") }
        guard elements.count <= max else { throw Refusal(.tooLarge, "at most \(max) are looked at", limit: max) }
        var list: [Element] = []
        for (index, element) in elements.enumerated() {
            do throws(Refusal) {
                list.append(try read(element))
            } catch {
                throw error.within(String(index))
            }
        }
        return list
    }

    private static func text(_ value: JSONValue) throws(Refusal) -> String {
        try MemberReader.text(value, min: 0, max: textSizeMax)
    }
}

extension JSONWriter {
    /// The members of an object, within the one that is open.
    fileprivate mutating func write(_ value: JSONValue) {
        for member in value.members ?? [] {
            name(member.name)
            self.value(member.value)
        }
    }

    /// The look-ups in their order, each as the canonical JSON whose SHA-256 is its id.
    fileprivate mutating func evidence(_ evidence: [DNSEvidence]) {
        name("evidence")
        array { writer in
            for each in evidence { writer.verbatim(each.json) }
        }
    }
}

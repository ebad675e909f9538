import Hummingbird
import Ledger
import LedgerStore
import MailAuthentication

/// `/v1/verifications/...`: checks of what the name system says, with the evidence of each look-up.
struct VerificationsController: Sendable {
    /// RFC 5321 §4.5.3.1: a path has 256 octets; what is longer is no address, but may well be asked about.
    private static let textSizeMax = 1_024

    let names: any EvidenceSource

    var routes: [Route] { [Route(.post, "/v1/verifications/spf", .ingest, spf)] }

    private func spf(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let client = try members.require("ip") { (value) throws(Refusal) in
            guard let address = value.text.flatMap({ IPAddress(text: $0) }) else {
                throw Refusal(.invalidMember, "expected an address of IPv4 or IPv6")
            }
            return address
        }
        let helo = try members.require("helo", Self.text)
        let mailFrom = try members.take("mail_from", Self.text)
        try members.requireNothingElse()
        let resolver = EvaluationResolver(names)
        let result = await SPFEvaluator(resolver: resolver).evaluate(
            SPFRequest(client: client, helo: helo, mailFrom: mailFrom ?? ""), scope: mailFrom == nil ? .helo : .mfrom)
        return JSONWriter.answer { writer in
            writer.write(result)
            writer.evidence(resolver.evidence)
        }
    }

    private static func text(_ value: JSONValue) throws(Refusal) -> String {
        try MemberReader.text(value, min: 0, max: textSizeMax)
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ result: SPFResult) {
        member("scope", result.scope.rawValue)
        member("domain", result.domain)
        member("result", result.result.rawValue)
        member("reason", result.reason.text)
        if let term = result.matchedTerm { member("matched_term", term) }
        if let explanation = result.explanation { member("explanation", explanation) }
        member("lookups", result.lookupCount)
        member("voids", result.voidCount)
    }

    /// The look-ups in their order, each as the canonical JSON whose SHA-256 is its id.
    fileprivate mutating func evidence(_ evidence: [DNSEvidence]) {
        name("evidence")
        array { writer in
            for each in evidence { writer.verbatim(each.json) }
        }
    }
}

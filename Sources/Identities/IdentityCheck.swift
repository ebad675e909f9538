package import Ledger

/// One check of an identity as its entry tells it.
package struct IdentityCheck: Sendable {
    package let seq: Int
    package let recordedAt: Timestamp
    package let assessment: String
    package let trigger: String?
    /// The whole result.
    package let result: JSONValue
    /// The digests of the evidence, in hex.
    let evidence: [String]
    let settings: JSONValue?
    let previous: Int?

    /// Reads the entry of a check; nil for any other entry.
    init?(_ entry: Entry) {
        guard entry.kind == Kind.verification.rawValue, let data = entry.json["data"], let result = data["result"],
            data["event"]?.text == VerificationEvent.Name.identity.rawValue
        else { return nil }
        seq = entry.seq
        recordedAt = entry.recordedAt
        assessment = entry.outcome
        trigger = data["trigger"]?.text
        self.result = result
        evidence = data["evidence"]?.elements?.compactMap(\.text) ?? []
        settings = data["settings"]
        previous = data["previous"]?.number
    }
}

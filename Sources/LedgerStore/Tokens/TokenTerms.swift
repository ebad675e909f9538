package import Ledger

/// What a token is wanted for.
package struct TokenTerms: Sendable {
    /// The longest name of a token, or of a producer, in characters.
    package static let nameSizeMax = 128

    package var name: String
    package var scopes: [Scope]
    package var expiresAt: Timestamp?
    /// Whose idempotency keys the token uses; nil: its own, which no other token shares.
    package var producer: String?
    package var bindings = TokenBindings()
    /// Whether the DMARC reports that it brings count.
    package var trustsReports = false

    package init(name: String, scopes: [Scope], expiresAt: Timestamp? = nil, producer: String? = nil) {
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.producer = producer
    }

    /// Refuses what makes no token, naming the member.
    func check() throws(Refusal) {
        guard !scopes.isEmpty else { throw Refusal(.invalidMember, "a token needs at least one scope", at: ["scopes"]) }
        guard !(scopes.contains(.send) && scopes.contains(.oversight)) else {
            throw Refusal(
                .invalidMember, "one token must not both send and decide: leave out 'send' or 'oversight'",
                at: ["scopes"])
        }
        try Self.requireName(name, at: "name", "a token's name")
    }

    /// Refuses what names no producer. The successor of a token keeps its producer, whatever that is.
    func checkProducer() throws(Refusal) {
        if let producer { try Self.requireName(producer, at: "producer", "a producer's name") }
        guard producer != Self.importProducer else {
            throw Refusal(
                .invalidMember, "the name '\(Self.importProducer)' belongs to `countersign import`", at: ["producer"])
        }
        guard producer.map(TokenGrant.isID) != true else {
            throw Refusal(
                .invalidMember, "a token's id names the producer that this token alone is; rotate it instead",
                at: ["producer"])
        }
    }

    /// The producer of what `countersign import` brings without naming one.
    package static let importProducer = "import"

    private static func requireName(_ name: String, at member: String, _ what: String) throws(Refusal) {
        guard !name.isEmpty, name.unicodeScalars.count <= nameSizeMax,
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw Refusal(
                .invalidMember, "\(what) has 1 to \(nameSizeMax) characters and no control character",
                at: [member], limit: nameSizeMax)
        }
    }
}

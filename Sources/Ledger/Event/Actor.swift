/// Who acted, as the producer claims it. The id is opaque and never a person's address, for it stays in clear.
package struct Actor: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case person, agent, rule, service
    }

    /// The longest id, in bytes.
    package static let idSizeMax = 128

    package let type: Kind
    package let id: String

    package init(type: Kind, id: String) {
        self.type = type
        self.id = id
    }

    var json: JSONValue { ["id": .string(id), "type": .string(type.rawValue)] }
}
